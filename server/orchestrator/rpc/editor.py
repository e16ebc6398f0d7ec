"""What one connection shows an editor: the standard LSP methods, and diagnostics."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
from anyio import to_thread
from anyio.abc import TaskGroup

from orchestrator.ports.journal import Recorded
from orchestrator.ports.linter import Linter
from orchestrator.rpc.diagnostics import Diagnostics, Roots
from orchestrator.rpc.dispatch import Note, Work
from orchestrator.rpc.findings import MissionFindings
from orchestrator.rpc.initialize import PositionEncoding

if TYPE_CHECKING:
    from orchestrator.rpc.lsp import LspRoom

LSP_REQUESTS = frozenset({"textDocument/codeAction"})
LSP_NOTIFICATIONS = frozenset(
    {"textDocument/didOpen", "textDocument/didChange", "textDocument/didClose", "textDocument/didSave"}
)
"""The standard methods that are served; the first of them loads `rpc.lsp`."""

Notify = Callable[[str, Any], None]
MakeLinter = Callable[[], Linter]
"""Reads the rules; called in a thread when the first text is opened."""


class Editor:
    """The LSP room of one connection, loaded and made when first needed."""

    def __init__(self, notify: Notify, tasks: TaskGroup, make_linter: MakeLinter | None) -> None:
        """`open` must come before any message is passed on."""
        self._notify = notify
        self._tasks = tasks
        self._make_linter = make_linter
        self._roots: Roots | None = None
        self._hello: dict[str, Any] = {}
        self._findings = MissionFindings()
        self._diagnostics: Diagnostics | None = None
        self._lsp: LspRoom | None = None
        self._loading = anyio.Lock()

    def open(self, roots: Roots | None, encoding: PositionEncoding, hello: dict[str, Any]) -> None:
        """Take what `initialize` said; `hello` are its params."""
        self._roots, self._hello = roots, hello
        self._diagnostics = Diagnostics(
            roots, encoding, lambda shown: self._notify("textDocument/publishDiagnostics", shown), self._findings.of
        )

    def note_event(self, recorded: Recorded) -> None:
        """Show what an event says about files."""
        for path in self._findings.note(recorded.mission_id, recorded.event):
            if self._diagnostics:
                self._diagnostics.show_mission(path)

    def request(self, name: str) -> Callable[[Any], Coroutine[Any, Any, Any]]:
        """The handler of a standard request."""

        async def request(params: object) -> object:
            return await (await self._room()).request(name, params)

        return request

    def note(self, name: str) -> Note:
        """The handler of a standard notification."""

        def note(params: object) -> Work | None:
            if self._lsp is None:
                return partial(self._note_later, name, params)
            self._lsp.note(name, params)
            return None

        return note

    async def fix_rule(self, rule: str) -> dict[str, Any]:
        """The edit, as JSON data, that fixes one rule in all files of the workspace."""
        return await (await self._room()).fix_rule(rule)

    async def _note_later(self, name: str, params: object) -> None:
        (await self._room()).note(name, params)

    def close(self) -> None:
        """Let go of texts."""
        if self._lsp:
            self._lsp.close()

    async def _room(self) -> LspRoom:
        async with self._loading:
            if self._lsp is None:
                linter = await to_thread.run_sync(self._load)
                from orchestrator.rpc.lsp import LspRoom  # noqa: PLC0415 - 0.6 s of import, in a thread until here

                assert self._diagnostics is not None  # noqa: S101 - made by initialize, which comes first
                self._lsp = LspRoom(
                    self._hello,
                    self._notify,
                    self._tasks,
                    linter=linter,
                    diagnostics=self._diagnostics,
                    roots=self._roots,
                    has_commands=True,
                )
            return self._lsp

    def _load(self) -> Linter | None:
        """All that the first text needs and that takes long."""
        importlib.import_module("orchestrator.rpc.lsp")
        return self._make_linter() if self._make_linter else None
