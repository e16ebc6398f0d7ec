"""Plain `pip install . ./rust` gives a working `orchestrator`, from nothing but the repository's files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def copy_sources(target: Path) -> None:
    """The files that git tracks or would track, and nothing that was built."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, listed.split("\0")):
        source = ROOT / name
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_pip_installs_a_working_orchestrator(tmp_path: Path, state_dir: Path) -> None:
    sources = tmp_path / "sources"
    copy_sources(sources)
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    programs = tmp_path / "venv" / "bin"
    # The compiled dependencies of the native core are shared with the build that made this environment.
    environment = os.environ | {"CARGO_TARGET_DIR": str(ROOT / "rust" / "target")}
    install = [str(programs / "python"), "-m", "pip", "install", "--quiet", ".", "./rust"]
    subprocess.run(install, cwd=sources, env=environment, check=True, timeout=840)
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "old.py").write_text("class Old(object):\n    pass\n")
    (workspace / "test_old.py").write_text("from old import Old\n\n\ndef test_old():\n    assert Old()\n")
    (workspace / ".opencode").mkdir()
    check = "python -c 'import old; assert old.Old()'"
    (workspace / ".opencode" / "orchestrator.jsonc").write_text(
        f'{{"checks": [{{"name": "import", "command": "{check}"}}]}}'
    )
    run = [str(programs / "orchestrator"), "run", "fix all style findings", "--workspace", str(workspace)]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "sealed" in done.stdout
    assert (workspace / "old.py").read_text() == "class Old:\n    pass\n"
