"""A real Neovim that tests drive: headless, with this plugin alone, and with a server of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pynvim

PLUGIN = Path(__file__).resolve().parents[2] / "editor-clients" / "neovim"
NVIM = str(Path(sys.executable).with_name("nvim"))
ORCHESTRATOR = str(Path(sys.executable).with_name("orchestrator"))
LIMIT_S = 90.0

_PREPARE = """
vim.g.orchestrator = vim.tbl_extend("force", {cmd = {...}}, vim.g.more or {})
_G.said = {}
vim.notify = function(text, level) table.insert(_G.said, text) end
"""


class Editor:
    """One Neovim process and what a person at it would do and see."""

    def __init__(self, nvim: pynvim.Nvim, process_id: int) -> None:
        self.nvim = nvim
        self.process_id = process_id

    @property
    def said(self) -> list[str]:
        """What `vim.notify` showed, oldest first."""
        return self.lua("return _G.said")

    def lua(self, code: str, *args: object) -> Any:
        """Run Lua in the editor."""
        return self.nvim.exec_lua(code, *args)

    def command(self, line: str) -> None:
        """Type an Ex command."""
        self.nvim.command(line)

    def edit(self, path: Path) -> None:
        """Open a file, with file type detection as users have it."""
        self.nvim.command(f"edit {path}")

    def text(self) -> str:
        """The text of the current buffer."""
        return "\n".join(self.nvim.current.buffer[:])

    def diagnostics(self) -> list[dict[str, Any]]:
        """What is shown for the current buffer."""
        return self.lua("return vim.diagnostic.get(0)")

    def status(self) -> str:
        """How the newest mission stands, "" when none is known."""
        return self.lua('local m = require("orchestrator.missions").newest() return m and m.status or ""')

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait until something holds; fails with what was said meanwhile."""
        deadline = time.monotonic() + LIMIT_S
        while not condition():
            assert time.monotonic() < deadline, f"not seen: {what}; said: {self.said}; text: {self.text()}"
            time.sleep(0.03)

    def hears(self, part: str) -> None:
        """Wait until `vim.notify` showed this."""
        self.until(lambda: any(part in line for line in self.said), part)

    def shows(self, part: str) -> None:
        """Wait until the current buffer holds this."""
        self.until(lambda: part in self.text(), part)

    def kill(self) -> None:
        """End the editor as a crash would."""
        os.kill(self.process_id, signal.SIGKILL)


@contextlib.contextmanager
def editor(folder: Path, *, cmd: list[str] | None = None, more: dict[str, object] | None = None) -> Iterator[Editor]:
    """A Neovim whose current folder is `folder`. `more` are options of the plugin's."""
    argv = [NVIM, "--embed", "--headless", "--clean", "-n", "--cmd", f"set rtp^={PLUGIN}", "-c", "filetype on"]
    with started(argv, folder) as vim:
        vim.nvim.vars["more"] = more or {}
        vim.nvim.exec_lua(_PREPARE, *(cmd or [ORCHESTRATOR, "serve"]))
        vim.command("runtime plugin/orchestrator.lua")
        yield vim


@contextlib.contextmanager
def started(argv: list[str], folder: Path) -> Iterator[Editor]:
    """A Neovim with these arguments in a folder; it ends with the block."""
    with contextlib.chdir(folder):
        nvim = pynvim.attach("child", argv=argv)
    process_id = nvim.eval("getpid()")
    try:
        yield Editor(nvim, process_id)
    finally:
        _leave(nvim, process_id)


def _leave(nvim: pynvim.Nvim, process_id: int) -> None:
    with contextlib.suppress(OSError, EOFError):  # it was killed, or has left already
        nvim.command("qall!")
    with contextlib.suppress(ProcessLookupError):
        os.kill(process_id, signal.SIGKILL)
    with contextlib.suppress(OSError, EOFError):
        nvim.close()
