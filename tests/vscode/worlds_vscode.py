"""What the tests in VS Code work on: folders with something to mend, missions that take their time, servers to end."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from code_server import CodeServer, chromium  # pyright: ignore[reportMissingImports] - beside this file
from harness import Plan  # pyright: ignore[reportMissingImports] - of the end-to-end tests
from playwright.sync_api import BrowserContext
from window import Window  # pyright: ignore[reportMissingImports] - beside this file

SOURCE = "def missing(name, names):\n    return not name in names\n"
FIXED = SOURCE.replace("not name in names", "name not in names")
TEST = "from names import missing\n\n\ndef test_missing():\n    assert missing('a', ['b'])\n"
CHECK = {"name": "tests", "command": "python -B -c 'from test_names import test_missing; test_missing()'"}
Open = Callable[..., Window]


def new_workspace(folder: Path) -> Path:
    """A module with one finding that has a fix, its test, and the check that runs it."""
    (folder / ".opencode").mkdir(parents=True)
    (folder / "names.py").write_text(SOURCE)
    (folder / "test_names.py").write_text(TEST)
    (folder / ".opencode" / "orchestrator.jsonc").write_text(json.dumps({"checks": [CHECK]}))
    return folder


def configure(folder: Path, **settings: object) -> None:
    """Write the folder's settings of the extension; `server_command` is `orchestrator.server.command`."""
    if settings:
        named = {f"orchestrator.{name.replace('_', '.')}": value for name, value in settings.items()}
        (folder / ".vscode").mkdir(exist_ok=True)
        (folder / ".vscode" / "settings.json").write_text(json.dumps(named))


def slow(workspace: Path) -> str:
    """The host of a mission of two tasks that take their time."""
    plan = Plan()
    for name in ("one", "two"):
        work = {"duration_s": 300, "actions": [{"write": {"path": f"{name}.py", "content": "A = 1\n"}}]}
        plan.task(name, f"{name}.py", work=work)
    return plan.save(workspace)


def begun(code: Window, text: str) -> None:
    """Start a mission and wait until its tasks run."""
    code.run("start", text)
    code.until(lambda: code.has_row("    one — running · worker on scripted"), "a task that runs")


def end_servers(state: Path) -> None:
    """End the mission servers of a state directory."""
    for card in state.glob("w/*/server.json"):
        pid = int(json.loads(card.read_text())["pid"])
        if psutil.pid_exists(pid):
            process = psutil.Process(pid)
            process.terminate()
            for child in psutil.wait_procs([process], timeout=60)[1]:
                child.kill()


@contextmanager
def alone() -> Iterator[tuple[CodeServer, BrowserContext, Path]]:
    """A VS Code and a browser outside the tests, in a home of their own which goes with them."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        home = Path(name)
        os.environ["ORCHESTRATOR_STATE_DIR"] = str(home / "state")
        code = CodeServer(home / "vscode", {"ORCHESTRATOR_STATE_DIR": str(home / "state")})
        try:
            with chromium() as browser:
                yield code, browser, home
        finally:
            code.stop()
            end_servers(home / "state")
