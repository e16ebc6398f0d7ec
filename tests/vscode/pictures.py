"""Takes the pictures of docs/vscode.md anew: `python tests/vscode/pictures.py`.

`make test-editors` installs VS Code. Look at the pictures before they are kept.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "vscode"), str(ROOT / "tests" / "e2e")]

from code_server import CodeServer, chromium  # noqa: E402 # pyright: ignore[reportMissingImports] - beside this file
from harness import Plan  # noqa: E402 # pyright: ignore[reportMissingImports] - of the end-to-end tests
from playwright.sync_api import ViewportSize  # noqa: E402 - after the paths
from window import Window  # noqa: E402 # pyright: ignore[reportMissingImports] - beside this file
from worlds_vscode import (  # noqa: E402 # pyright: ignore[reportMissingImports] - beside this file
    FIXED,
    configure,
    end_servers,
    new_workspace,
)

TARGET = ROOT / "docs" / "pictures"
SIZE: ViewportSize = {"width": 1120, "height": 640}
BROKEN = "def broken(:\n"


def shop(folder: Path, **settings: object) -> Path:
    """A workspace and the script of a mission with four tasks, one of them refused at first."""
    new_workspace(folder)
    plan = Plan()
    plan.task("auth", "auth.py", work=[_write("auth.py", BROKEN), _write("auth.py", "TOKEN = 1\n")])
    plan.task("names", "names.py", work=_write("names.py", FIXED))
    plan.task("routes", "routes.py", work=_write("routes.py", "ROUTES = 1\n", 60), depends_on=["auth"])
    plan.task("docs", "api.md", work=_write("api.md", "# API\n"), depends_on=["routes"])
    titles = {"auth": "Check tokens", "names": "Mend the lookup", "routes": "Routes of the API", "docs": "Describe it"}
    for task in plan.tasks:
        task["title"] = titles[task["id"]]
    script = plan.save(folder.parent, f"{folder.name}.json")
    configure(folder, host=script, **settings)
    return folder


def _write(path: str, content: str, duration_s: float = 0.1) -> dict[str, object]:
    return {"duration_s": duration_s, "actions": [{"write": {"path": path, "content": content}}]}


def widen(window: Window) -> None:
    """Give the side bar the room that a person gives it."""
    window.page.set_viewport_size(SIZE)
    window.js("for (let i = 0; i < 3; i++) await vscode.commands.executeCommand('workbench.action.increaseViewWidth')")


def take(window: Window, name: str) -> None:
    """One picture, once the window has settled."""
    window.page.wait_for_timeout(1500)
    window.picture(TARGET / f"vscode-{name}.png")


def main() -> None:
    """All pictures."""
    TARGET.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        os.environ["ORCHESTRATOR_STATE_DIR"] = str(home / "state")
        code = CodeServer(home / "vscode", {"ORCHESTRATOR_STATE_DIR": str(home / "state")})
        try:
            with chromium() as browser:
                window = Window(code, browser, shop(home / "shop"))
                window.open("names.py")
                window.until(lambda: len(window.findings("names.py")) == 1, "the finding")
                findings(window)
                mission(window)
                window.close()
                plan(Window(code, browser, shop(home / "plans", approval="plan")))
        finally:
            code.stop()
            end_servers(home / "state")


def findings(window: Window) -> None:
    """A finding with its quick fixes."""
    window.page.set_viewport_size(SIZE)
    window.js("await vscode.commands.executeCommand('workbench.actions.view.problems')")
    window.js("vscode.window.activeTextEditor.selection = new vscode.Selection(1, 13, 1, 13)")
    window.js("await vscode.commands.executeCommand('workbench.action.focusActiveEditorGroup')")
    window.page.keyboard.press("Control+.")
    window.page.locator(".action-widget").wait_for()
    take(window, "findings")
    window.page.keyboard.press("Escape")
    window.js("await vscode.commands.executeCommand('workbench.action.closePanel')")


def mission(window: Window) -> None:
    """A mission under way, and its summary."""
    window.run("start", "Build a REST API with authentication")
    window.until(lambda: window.has_row("Routes of the API — running"), "the third task")
    widen(window)
    take(window, "mission")
    window.until(lambda: window.status() == "sealed", "the seal")
    window.run("summary")
    take(window, "summary")


def plan(window: Window) -> None:
    """A plan that waits for approval."""
    window.run("start", "Build a REST API with authentication")
    window.until(lambda: window.has_row("waits for you"), "the plan")
    widen(window)
    window.run("approve")
    window.page.locator(".quick-input-list .monaco-list-row").first.wait_for()
    take(window, "plan")
    window.close()


if __name__ == "__main__":
    main()
