"""`orchestrator install opencode` with the real OpenCode: it loads the plugin, works, and goes out again."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from missions import Model, workspace  # pyright: ignore[reportMissingImports] - beside this file
from opencode_process import PATIENCE_S, PROGRAM, ROOT, configuration, environment  # pyright: ignore[reportMissingImports] - as above
from person import Person  # pyright: ignore[reportMissingImports] - as above

from orchestrator.testing.provider import FakeProvider

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


def test_the_page_followed_by_hand_ends_in_a_sealed_mission(provider: FakeProvider, tmp_path: Path) -> None:
    """A home that has only OpenCode and its provider: what docs/opencode.md says is done, and taken back."""
    provider.policy = Model(2)
    home, folder = tmp_path / "home", workspace(tmp_path / "workspace", 2)
    environment(home)
    file = home / ".config/opencode/opencode.jsonc"
    mine = "// mine\n" + json.dumps(configuration(provider), indent=2).replace("[]", "[ ]") + "\r\n"
    file.write_text(mine, newline="")
    page = (ROOT / "docs/opencode.md").read_text()
    commands = re.findall(r"^    orchestrator (install opencode.*)$", page, re.MULTILINE)
    assert commands == ["install opencode --dry-run", "install opencode"]
    assert "+" in run(home, *commands[0].split())
    assert file.read_bytes().decode() == mine
    assert "OpenCode loads it" in run(home, *commands[1].split())
    person = Person(home, folder)
    try:
        person.sees("Big")
        person.orders('/task "mend all parts"')
        person.sees("Sealed: every task is done", "2 of 2 tasks done")
    finally:
        person.leave()
    assert all("value * 2" in (folder / f"part{n}.py").read_text() for n in range(2))
    run(home, "uninstall", "opencode")
    assert file.read_bytes().decode() == mine
