"""A window of VS Code: what a person sees and does in the page, and code that runs in its extension host."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from code_server import CodeServer  # pyright: ignore[reportMissingImports] - beside this file
from playwright.sync_api import BrowserContext, Locator

LIMIT_S = 120.0


class Window:
    """One page and its extension host."""

    def __init__(self, code: CodeServer, browser: BrowserContext, folder: Path) -> None:
        self.code = code
        self.folder = folder
        self._socket = code.sockets / f"{folder.name}.sock"
        self._socket.unlink(missing_ok=True)
        self.page = browser.new_page()
        self.page.set_default_timeout(LIMIT_S * 1000)
        self.page.goto(code.url(folder))
        self.until(self._socket.exists, "the extension host")

    def close(self) -> None:
        """Close the page, as one closes a tab."""
        self.page.close()

    # In the extension host.

    def js(self, code: str, *args: object) -> Any:
        """Run JavaScript there; `vscode`, `ours()` (the extension) and `args` are at hand."""
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(LIMIT_S)
            link.connect(str(self._socket))
            link.sendall(json.dumps({"code": code, "args": args}).encode() + b"\n")
            with link.makefile("rb") as lines:
                line = lines.readline()
        reply = json.loads(line)
        assert "error" not in reply, reply["error"]
        return reply["value"]

    def open(self, name: str) -> None:
        """Open a file of the folder."""
        self.js(
            "const uri = vscode.Uri.joinPath(vscode.workspace.workspaceFolders[0].uri, args[0]);"
            "await vscode.window.showTextDocument(uri, {preview: false})",
            name,
        )

    def text(self) -> str:
        """The text of the active editor."""
        return self.js("return vscode.window.activeTextEditor?.document.getText() ?? ''")

    def type_line(self, number: int, text: str) -> None:
        """Replace a line (from 0) of the active editor, unsaved."""
        self.js(
            "const editor = vscode.window.activeTextEditor;"
            "await editor.edit((edit) => edit.replace(editor.document.lineAt(args[0]).range, args[1]))",
            number,
            text,
        )

    def findings(self, name: str) -> list[dict[str, Any]]:
        """What Problems holds for a file of the folder."""
        return self.js(
            "const uri = vscode.Uri.joinPath(vscode.workspace.workspaceFolders[0].uri, args[0]);"
            "return vscode.languages.getDiagnostics(uri).map((one) => ({source: one.source, line: one.range.start.line,"
            " message: one.message, rule: one.code?.value ?? one.code, link: one.code?.target?.toString()}))",
            name,
        )

    def configure(self, **settings: object) -> None:
        """Change settings of the folder, while the window is open."""
        for name, value in settings.items():
            key = name.replace("_", ".")
            update = "await vscode.workspace.getConfiguration('orchestrator').update(args[0], args[1], false)"
            self.js(update, key, value)

    def kill(self) -> None:
        """End the extension host as a crash would, and then the page."""
        os.kill(self.js("return process.pid"), signal.SIGKILL)
        self.close()

    def status(self) -> str:
        """How the newest mission stands, "" when none is known."""
        return self.js("return ours().isActive ? ours().exports.missions.newest()?.status ?? '' : ''")

    def run(self, command: str, *args: object) -> None:
        """Start a command of the extension and do not wait: it may ask something first."""
        self.js("void vscode.commands.executeCommand(`orchestrator.${args[0]}`, ...args[1])", command, args)

    def tree(self) -> list[str]:
        """All rows of the mission view, indented, as `label — description`."""
        return self.js(
            """
            const {tree} = ours().exports ?? {}, rows = [];
            const walk = (node, depth) => {
              for (const child of tree.getChildren(node)) {
                const item = tree.getTreeItem(child);
                rows.push("  ".repeat(depth) + item.label + (item.description ? ` — ${item.description}` : ""));
                walk(child, depth + 1);
              }
            };
            if (ours().isActive) walk(undefined, 0);
            return rows;
            """
        )

    def has_row(self, part: str) -> bool:
        """Whether a row of the mission view holds this."""
        return any(part in row for row in self.tree())

    # In the page.

    def palette(self, command: str) -> None:
        """Run a command by its title, as one does with the keyboard."""
        self.page.keyboard.press("F1")
        box = self.page.locator(".quick-input-widget input.input")
        box.wait_for(state="visible")
        box.fill(f">{command}")
        self.page.locator(".quick-input-list .monaco-list-row", has_text=command).first.wait_for()
        self.page.keyboard.press("Enter")

    def answer(self, prompt: str, text: str) -> None:
        """Type into the box that asks this."""
        widget = self.page.locator(".quick-input-widget", has_text=prompt)
        widget.wait_for(state="visible")
        widget.locator("input.input").fill(text)
        self.page.keyboard.press("Enter")

    def toast(self, words: str) -> Locator:
        """The notification that says this, once it is there."""
        found = self.page.locator(".notification-list-item", has_text=words).first
        found.wait_for(state="visible")
        return found

    def row(self, words: str) -> Locator:
        """A row of the side bar, once it is there."""
        found = self.page.locator(".pane-body .monaco-list-row", has_text=words).first
        found.wait_for(state="visible")
        return found

    def act(self, words: str, action: str) -> None:
        """Press the button of a row of the side bar; the rows are drawn anew while one looks for it."""
        self.row(words).locator(f"a[aria-label='{action}']").first.dispatch_event("click")

    def picture(self, target: Path) -> None:
        """What the window looks like."""
        self.page.screenshot(path=target)

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait until something holds; fails with what is on the page."""
        deadline = time.monotonic() + LIMIT_S
        while not condition():
            assert time.monotonic() < deadline, f"not seen: {what}; {self.tree()}; {self.text()[:500]!r}"
            self.page.wait_for_timeout(50)
