"""The standard LSP methods, through pygls: open texts, their diagnostics, quick fixes.

The only module that imports pygls and lsprotocol; it takes 0.6 s to load, so a connection loads it when an editor first
opens a text. pygls keeps the texts and reads the messages; framing, replies and deadlines are this room's own.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote

import anyio
from anyio import to_thread
from anyio.abc import TaskGroup
from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer
from pygls.workspace import TextDocument, Workspace

from orchestrator import __version__
from orchestrator.domain.words import Verdict
from orchestrator.ports.linter import Change, Linter, OpenText, PlacedFix, TextState
from orchestrator.rpc.diagnostics import Diagnostics, Roots, ShownText
from orchestrator.rpc.dispatch import RequestError
from orchestrator.rpc.initialize import PositionEncoding, path_of
from orchestrator.rpc.lsp import actions

if TYPE_CHECKING:
    from pygls.protocol.json_rpc import RPCMessage

log = logging.getLogger(__name__)
logging.getLogger("pygls").setLevel(logging.WARNING)  # below that it logs the texts themselves

INLINE_S = 0.003
"""A text whose last lint was shorter is linted in place; a thread would take longer than the work."""
PAUSE_S = 0.02
"""Changes that follow a lint sooner than a person types wait until then: of a burst only the last is linted."""
MAX_OPEN_TEXTS = 2_000
"""Texts beyond are not linted."""
MAX_TOLD_PROBLEMS = 5
"""Of wrong rules the client is told so many."""

Notify = Callable[[str, Any], None]
Begin = Callable[[str, str], "OpenText | None"]
"""Gives a linter's text for a URI and its source."""


class _Text(TextDocument):
    """The linter keeps the text: it parses anew only what changed, and counts lines as LSP does; pygls does not."""

    opened: OpenText | None = None

    @property
    def source(self) -> str:
        """The text as it is now."""
        return self.opened.text if self.opened else ""

    def _apply_incremental_change(self, change: types.TextDocumentContentChangePartial) -> None:
        start, end = change.range.start, change.range.end
        if self.opened:
            self.opened.change([((start.line, start.character, end.line, end.character), change.text)])

    def _apply_full_change(self, change: types.TextDocumentContentChangeEvent) -> None:
        if self.opened:
            self.opened.change([(None, change.text)])


class _Texts(Workspace):
    """Makes texts of our kind."""

    def __init__(self, encoding: PositionEncoding, begin: Begin) -> None:
        super().__init__(None, position_encoding=types.PositionEncodingKind(encoding))
        self._begin = begin

    def _create_text_document(
        self, doc_uri: str, source: str | None = None, version: int | None = None, language_id: str | None = None
    ) -> TextDocument:
        text = _Text(doc_uri, source="", version=version, language_id=language_id)
        text.opened = self._begin(doc_uri, source or "")
        return text


class _Server(LanguageServer):
    """Errors are logged here; a client only ever sees this room's own replies."""

    def report_server_error(self, error: Exception, source: object) -> None:
        """Log."""
        log.error("pygls: %s (%s)", error, getattr(source, "__name__", source))


class _Writer:
    """Takes pygls's messages: replies go to whoever waits, all else to the client."""

    def __init__(self, notify: Notify) -> None:
        self._notify = notify
        self.waiting: dict[str, _Waiting] = {}

    def write(self, data: bytes) -> None:
        """One message as JSON, without a header."""
        message: dict[str, Any] = json.loads(data)
        if "method" in message:
            if "id" not in message:
                self._notify(message["method"], message.get("params"))
            return
        waiting = self.waiting.get(message.get("id", ""))
        if waiting:
            waiting.reply = message
            waiting.done.set()

    def close(self) -> None:
        """Nothing to close: the stream is not pygls's."""


class _Waiting:
    """A request that pygls works on."""

    def __init__(self) -> None:
        self.done = anyio.Event()
        self.reply: dict[str, Any] = {}


@dataclass(slots=True)
class _Open:
    """An open text's state. `stamp` counts its changes; `state` belongs to the stamp and version beside it."""

    key: str
    text: OpenText | None
    stamp: int = 0
    linted_stamp: int = -1
    version: int | None = None
    state: TextState | None = None
    last_lint_s: float = INLINE_S
    ended_s: float = float("-inf")
    is_linting: bool = False
    is_told: bool = False


class LspRoom:
    """The standard methods of one connection."""

    def __init__(
        self,
        hello: dict[str, Any],
        notify: Notify,
        tasks: TaskGroup,
        *,
        linter: Linter | None,
        diagnostics: Diagnostics,
        roots: Roots | None,
        has_commands: bool = False,
    ) -> None:
        """`has_commands`: whoever made the room answers `workspace/executeCommand` with `fix_rule`."""
        self._notify = notify
        self._tasks = tasks
        self._linter = linter
        self._has_commands = has_commands
        self._diagnostics = diagnostics
        self._roots = roots
        self._open: dict[str, _Open] = {}
        self._request_count = 0
        self._writer = _Writer(notify)
        self._server = _Server("orchestrator", __version__)
        self._server.protocol.set_writer(self._writer, include_headers=False)
        self._register()
        self._feed({"id": "initialize", "method": "initialize", "params": hello})
        self._feed({"method": "initialized", "params": {}})
        self._encoding: PositionEncoding = diagnostics.encoding
        protocol = self._server.protocol
        protocol._workspace = _Texts(self._encoding, self._begin)  # noqa: SLF001 - no public way to set it  # pyright: ignore[reportPrivateUsage] - no public way to set it
        self._load_rules()

    def _register(self) -> None:
        features: dict[str, Callable[[Any], object]] = {
            types.TEXT_DOCUMENT_DID_OPEN: self._did_open,
            types.TEXT_DOCUMENT_DID_CHANGE: self._did_change,
            types.TEXT_DOCUMENT_DID_SAVE: self._did_save,
            types.TEXT_DOCUMENT_DID_CLOSE: self._did_close,
            types.TEXT_DOCUMENT_CODE_ACTION: self._code_action,
        }
        for name, handler in features.items():
            self._server.feature(name)(partial(handler))  # pygls sets attributes, which bound methods do not take

    def _feed(self, message: dict[str, Any]) -> None:
        protocol = self._server.protocol
        structured = protocol.structure_message({"jsonrpc": "2.0", **message})
        protocol.handle_message(cast("RPCMessage", structured))

    def note(self, method: str, params: object) -> None:
        """Take a notification. Raises when its params do not fit; the dispatcher logs that."""
        if method == types.TEXT_DOCUMENT_DID_CHANGE and self._took_change(params):
            return
        self._feed({"method": method, "params": params})

    async def request(self, method: str, params: object) -> object:
        """Serve a request; its result as JSON data. Raises RequestError."""
        self._request_count += 1
        request_id = f"lsp{self._request_count}"
        waiting = self._writer.waiting[request_id] = _Waiting()
        try:
            self._feed({"id": request_id, "method": method, "params": params})
            await waiting.done.wait()
        except JsonRpcInvalidParams as error:
            raise RequestError("invalid_params", f"the params of {method} do not fit: {_cause(error)}") from None
        except anyio.get_cancelled_exc_class():
            self._feed({"method": "$/cancelRequest", "params": {"id": request_id}})
            raise
        finally:
            del self._writer.waiting[request_id]
        if "error" in waiting.reply:
            log.error("%s failed: %s", method, waiting.reply["error"].get("message"))
            raise RequestError("internal_error", f"{method} failed inside the server", "the server's log says more")
        return waiting.reply.get("result")

    def close(self) -> None:
        """Forget the texts."""
        self._open.clear()
        self._server.shutdown()

    # Rules.

    def _load_rules(self) -> None:
        """The workspace's own rules on top of those that the linter has."""
        if self._linter is None or self._roots is None:
            return
        self._linter, problems = self._linter.at(self._roots.workspace)
        for problem in problems[:MAX_TOLD_PROBLEMS]:
            self._notify(
                "window/showMessage", {"type": 2, "message": f"A rule of this workspace is not used. {problem}"}
            )

    # Texts.

    def _begin(self, uri: str, source: str) -> OpenText | None:
        if self._linter is None or len(self._open) >= MAX_OPEN_TEXTS:
            return None
        path = (self._roots.relative(self._key(uri)) if self._roots else "") or unquote(uri.rpartition("/")[2])
        return self._linter.open(path, source, self._encoding)

    def _text(self, uri: str) -> OpenText | None:
        document = self._server.workspace.get_text_document(uri)
        return document.opened if isinstance(document, _Text) else None

    def _did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        uri = params.text_document.uri
        self._open[uri] = _Open(self._key(uri), self._text(uri))
        self._changed(uri)

    def _did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        self._changed(params.text_document.uri)

    def _took_change(self, params: object) -> bool:
        """The message of every key that is pressed, without a converter; False where it is not as expected."""
        said = cast("dict[str, Any]", params) if isinstance(params, dict) else {}
        document, changes = said.get("textDocument"), said.get("contentChanges")
        if not isinstance(document, dict) or not isinstance(changes, list):
            return False
        uri, version = cast("dict[str, Any]", document).get("uri"), cast("dict[str, Any]", document).get("version")
        edits = [_edit_of(change) for change in cast("list[object]", changes)]
        if not isinstance(uri, str) or not isinstance(version, int):
            return False
        document = self._server.workspace.text_documents.get(uri)
        if not isinstance(document, _Text) or document.opened is None or None in edits:
            return False
        document.opened.change([edit for edit in edits if edit is not None])
        document.version = version
        self._changed(uri)
        return True

    def _did_save(self, params: types.DidSaveTextDocumentParams) -> None:
        """A saved YAML file may be a rule of the workspace: read the rules again, and look at all texts with them."""
        if not params.text_document.uri.endswith((".yml", ".yaml")):
            return
        self._load_rules()
        for uri, opened in self._open.items():
            source = opened.text.text if opened.text else ""
            opened.text = self._begin(uri, source)
            document = self._server.workspace.get_text_document(uri)
            if isinstance(document, _Text):
                document.opened = opened.text
            self._changed(uri)

    def _did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        opened = self._open.pop(params.text_document.uri, None)
        if opened:
            if opened.text:
                opened.text.cancel()
            self._diagnostics.close(opened.key)

    def _key(self, uri: str) -> str:
        path = path_of(uri)
        return os.path.realpath(path) if path else uri

    def _changed(self, uri: str) -> None:
        """Lint at once where that is quick; else in a thread, and what runs there for an older text is not wanted."""
        opened = self._open.get(uri)
        if opened is None or opened.text is None:
            return
        opened.stamp += 1
        if opened.is_linting:
            opened.text.cancel()
        elif opened.last_lint_s < INLINE_S and time.perf_counter() - opened.ended_s >= PAUSE_S:
            self._take(uri, opened, opened.stamp, self._version(uri), self._timed(opened, opened.text))
        else:
            opened.is_linting = True
            self._tasks.start_soon(self._keep_linted, uri, opened)

    def _version(self, uri: str) -> int | None:
        return self._server.workspace.get_text_document(uri).version

    async def _keep_linted(self, uri: str, opened: _Open) -> None:
        """One task a text: lints, and again when the text changed meanwhile."""
        try:
            while self._open.get(uri) is opened and opened.linted_stamp != opened.stamp:
                pause_s = opened.ended_s + PAUSE_S - time.perf_counter()
                if pause_s > 0:
                    await anyio.sleep(pause_s)
                await self._lint(uri, opened)
        except Exception:
            log.exception("%s could not be linted", uri)
            self._tell(opened, f"{uri}: not checked, the linter failed")
        finally:
            opened.is_linting = False

    async def _lint(self, uri: str, opened: _Open) -> None:
        """Lint the text as it is now in a thread; a result that comes too late is dropped."""
        stamp, version, text = opened.stamp, self._version(uri), opened.text
        if text is None:
            return
        state = await to_thread.run_sync(self._timed, opened, text)
        if stamp == opened.stamp and self._open.get(uri) is opened:
            self._take(uri, opened, stamp, version, state)

    def _timed(self, opened: _Open, text: OpenText) -> TextState:
        started = time.perf_counter()
        state = text.lint()
        opened.ended_s = time.perf_counter()
        opened.last_lint_s = opened.ended_s - started
        return state

    def _take(self, uri: str, opened: _Open, stamp: int, version: int | None, state: TextState) -> None:
        opened.state, opened.linted_stamp, opened.version = state, stamp, version
        if state.verdict is Verdict.NOT_CHECKED:
            self._tell(opened, f"{uri}: not checked, {state.reason}")
        text = opened.text
        shown = ShownText(uri, version, lambda: text.text if text else "", state.findings)
        self._diagnostics.show_open(opened.key, shown)

    def _tell(self, opened: _Open, text: str) -> None:
        """Say once a text that it is not checked: an empty list of diagnostics alone would read as clean."""
        if not opened.is_told:
            opened.is_told = True
            self._notify("window/logMessage", {"type": 3, "message": text})

    # Quick fixes.

    async def _code_action(self, params: types.CodeActionParams) -> list[types.CodeAction]:
        uri = params.text_document.uri
        opened = self._open.get(uri)
        if opened is None or opened.text is None:
            return []
        for _ in range(3):
            if opened.linted_stamp == opened.stamp:
                break
            await self._lint(uri, opened)
        if opened.state is None or opened.linted_stamp != opened.stamp:
            return []
        edits = actions.Edits(uri, opened.version, has_versions=self._has_versions())
        return actions.offered(opened.state.findings, edits, params, has_commands=self._has_commands)

    async def fix_rule(self, rule: str) -> dict[str, Any]:
        """The edit, as JSON data, that fixes one rule in all files of the workspace: for `workspace/applyEdit`."""
        if self._linter is None or self._roots is None:
            return {"changes": {}}
        root = self._roots
        opened = {root.relative(one.key): (uri, one) for uri, one in self._open.items() if root.relative(one.key)}
        texts = {path: one.text.text for path, (_, one) in opened.items() if one.text}
        versions = {uri: self._version(uri) for uri, _ in opened.values()}
        search = self._linter.fixes(root.workspace, rule, self._encoding, texts)
        try:
            fixes = await to_thread.run_sync(search.run, abandon_on_cancel=True)
        except anyio.get_cancelled_exc_class():
            search.cancel()
            raise
        by_uri: dict[str, tuple[int | None, Sequence[PlacedFix]]] = {}
        for path, some in fixes.items():
            uri = opened[path][0] if path in opened else root.uri(root.key(path))
            by_uri[uri] = (versions.get(uri), some)
        edit = actions.workspace_edit(by_uri, has_versions=self._has_versions())
        return cast("dict[str, Any]", self._server.protocol._converter.unstructure(edit))  # noqa: SLF001 - pygls has no public converter  # pyright: ignore[reportPrivateUsage] - pygls has no public converter

    def _has_versions(self) -> bool:
        workspace = self._server.client_capabilities.workspace
        edit = workspace.workspace_edit if workspace else None
        return bool(edit and edit.document_changes)


def _edit_of(change: object) -> Change | None:
    """One of `contentChanges`; None where it is not as expected."""
    said = cast("dict[str, Any]", change) if isinstance(change, dict) else {}
    text = said.get("text")
    if not isinstance(text, str):
        return None
    if "range" not in said:
        return None, text
    match said["range"]:
        case {
            "start": {"line": int(line), "character": int(column)},
            "end": {"line": int(end_line), "character": int(end_column)},
        } if min(line, column, end_line, end_column) >= 0:
            return (line, column, end_line, end_column), text
        case _:
            return None


def _cause(error: BaseException) -> str:
    """What cattrs found, in one line."""
    if isinstance(error, BaseExceptionGroup):
        inner = cast("BaseExceptionGroup[BaseException]", error).exceptions
        return _cause(inner[0])
    if error.__cause__ is not None:
        return _cause(error.__cause__)
    return f"{type(error).__name__}: {error}".splitlines()[0][:300]
