"""Takes the pictures of docs/vscode.md anew: `python tests/vscode/pictures.py`.

`make test-editors` installs VS Code. Look at the pictures before they are kept.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "vscode"), str(ROOT / "tests" / "e2e")]

from pictures_of_a_shop import CART, shop  # noqa: E402 # pyright: ignore[reportMissingImports] - beside this file
from playwright.sync_api import ViewportSize  # noqa: E402 - after the paths
from window import Window  # noqa: E402 # pyright: ignore[reportMissingImports] - beside this file
from worlds_vscode import (  # noqa: E402 # pyright: ignore[reportMissingImports] - beside this file
    alone,
    configure,
)

TARGET = ROOT / "docs" / "pictures"
SIZE: ViewportSize = {"width": 1120, "height": 640}
WIDTH = 470


def widen(window: Window) -> None:
    """Give the side bar the room that a person gives it."""
    window.page.set_viewport_size(SIZE)
    bar = window.page.locator(".part.sidebar").bounding_box()
    assert bar
    window.page.mouse.move(bar["x"] + bar["width"], 300)
    window.page.mouse.down()
    window.page.mouse.move(WIDTH, 300, steps=5)
    window.page.mouse.up()
    window.page.mouse.move(900, 400)


def take(window: Window, name: str) -> None:
    """One picture, once the window has settled."""
    window.page.wait_for_timeout(1500)
    window.picture(TARGET / f"vscode-{name}.png")


def main() -> None:
    """All pictures."""
    TARGET.mkdir(exist_ok=True)
    with alone() as (code, browser, home):
        window = Window(code, browser, configured(home / "shop"))
        (home / "shop" / "cart.py").write_text(CART)
        window.open("cart.py")
        window.until(lambda: len(window.findings("cart.py")) >= 3, "the findings")
        findings(window)
        mission(window)
        window.close()
        plan(Window(code, browser, configured(home / "plans", approval="plan")))


def configured(folder: Path, **settings: object) -> Path:
    """The shop, with settings of the extension."""
    made, script = shop(folder)
    configure(made, host=script, **settings)
    return made


def findings(window: Window) -> None:
    """A finding with its quick fixes."""
    window.page.set_viewport_size(SIZE)
    window.js("await vscode.commands.executeCommand('workbench.actions.view.problems')")
    window.js("vscode.window.activeTextEditor.selection = new vscode.Selection(10, 13, 10, 13)")
    window.js("await vscode.commands.executeCommand('workbench.action.focusActiveEditorGroup')")
    window.page.keyboard.press("Control+.")
    window.page.locator(".action-widget .monaco-list-row", has_text="Fix: ").first.wait_for()
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
    window.page.frame_locator("iframe.webview").frame_locator("iframe").locator("h1").wait_for()
    window.js("await vscode.commands.executeCommand('notifications.clearAll')")
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
