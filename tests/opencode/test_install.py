"""`orchestrator install opencode` with the real OpenCode: it loads the plugin, and the file comes back to the byte."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from opencode_process import PROGRAM, environment  # pyright: ignore[reportMissingImports] - beside this file

MINE = '// mine\n{\n\t"theme": "system", // dark\n\t"plugin": [\n\t],\n}\n'


def run(home: Path, *arguments: str) -> str:
    """The command line with OpenCode on its PATH."""
    env = environment(home)
    env |= {"PATH": f"{PROGRAM.parent}{os.pathsep}{env['PATH']}"}
    env.pop("CI", None)
    done = subprocess.run(
        [sys.executable, "-m", "orchestrator", *arguments],
        env=env,
        cwd=home,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_install_load_and_uninstall(tmp_path: Path) -> None:
    home = tmp_path / "home"
    environment(home)
    file = home / ".config/opencode/opencode.jsonc"
    file.write_text(MINE)
    assert "OpenCode loads it" in run(home, "install", "opencode")
    assert f"plugin loaded, by {file}" in run(home, "doctor", "--workspace", str(home))
    assert "nothing was changed" in run(home, "install", "opencode")
    assert "is out of" in run(home, "uninstall", "opencode")
    assert file.read_text() == MINE
    assert "no plugin" in run(home, "doctor", "--workspace", str(home))
