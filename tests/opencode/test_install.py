"""`orchestrator install opencode` with the real OpenCode: it loads the plugin, shows findings, and goes out again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from opencode_process import PATIENCE_S, PROGRAM, environment  # pyright: ignore[reportMissingImports] - beside this file

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
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def diagnostics(home: Path, text: str) -> str:
    """What OpenCode shows of a file, by the language servers that it starts."""
    file = home / "shop/part.py"
    file.parent.mkdir()
    file.write_text(text)
    command = [str(PROGRAM), "debug", "lsp", "diagnostics", str(file)]
    done = subprocess.run(
        command, env=environment(home), cwd=file.parent, capture_output=True, text=True, timeout=PATIENCE_S, check=True
    )
    return done.stdout


def test_install_load_and_uninstall(tmp_path: Path) -> None:
    home = tmp_path / "home"
    environment(home)
    file = home / ".config/opencode/opencode.jsonc"
    file.write_text(MINE)
    assert "OpenCode loads it" in run(home, "install", "opencode", "--diagnostics")
    assert f"plugin loaded, by {file}" in run(home, "doctor", "--workspace", str(home))
    assert "nothing was changed" in run(home, "install", "opencode")
    found = diagnostics(home, "def double(value: int, into=[]) -> int:\n    return value\n")
    assert "py-mutable-default" in found
    assert "is out of" in run(home, "uninstall", "opencode")
    assert file.read_text() == MINE
    assert "no plugin" in run(home, "doctor", "--workspace", str(home))
