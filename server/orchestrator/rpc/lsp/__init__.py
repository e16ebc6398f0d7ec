"""The standard LSP methods, through pygls: open texts, their diagnostics, quick fixes.

The only module that imports pygls and lsprotocol; it takes 0.6 s to load, so a connection loads it when an editor first
opens a text. pygls keeps the texts and reads the messages; framing, replies and deadlines are this room's own.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
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
from pygls.workspace import PositionCodec, TextDocument, Workspace

from orchestrator import __version__
from orchestrator.domain.words import Verdict
from orchestrator.ports.linter import LintedText, Linter
from orchestrator.rpc.diagnostics import Diagnostics, OpenText, Roots
from orchestrator.rpc.dispatch import RequestError
from orchestrator.rpc.initialize import PositionEncoding, path_of
from orchestrator.rpc.lsp import actions
from orchestrator.rpc.positions import TextMap

if TYPE_CHECKING:
    from pygls.protocol.json_rpc import RPCMessage

log = logging.getLogger(__name__)
logging.getLogger("pygls").setLevel(logging.WARNING)  # below that it logs the texts themselves

DEBOUNCE_S = 0.1
MAX_LINT_BYTES = 2 << 20
"""Larger texts are not linted, and the client is told."""
MAX_OPEN_TEXTS = 2_000
"""Texts beyond are kept by pygls but not linted."""

Notify = Callable[[str, Any], None]


class _Text(TextDocument):
    """pygls splits lines also at form feeds and Unicode separators, which LSP does not; edits go by our own map."""

    encoding: PositionEncoding = "utf-16"

    def _apply_incremental_change(self, change: types.TextDocumentContentChangePartial) -> None:
        text = TextMap(self.source, self.encoding)
        start = text.offset_of_lsp(change.range.start.line, change.range.start.character)
        end = text.offset_of_lsp(change.range.end.line, change.range.end.character)
        self._source = text.text[:start] + change.text + text.text[max(start, end) :]


class _Texts(Workspace):
    """Makes texts of our kind."""

    def __init__(self, encoding: PositionEncoding) -> None:
        super().__init__(None, position_encoding=types.PositionEncodingKind(encoding))
        self._encoding: PositionEncoding = encoding

    def _create_text_document(
        self, doc_uri: str, source: str | None = None, version: int | None = None, language_id: str | None = None
    ) -> TextDocument:
        codec = PositionCodec(types.PositionEncodingKind(self._encoding))
        text = _Text(doc_uri, source=source, version=version, language_id=language_id, position_codec=codec)
        text.encoding = self._encoding
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
    """An open text's state. `stamp` counts its changes; `linted` belongs to the stamp beside it."""

    key: str
    stamp: int = 0
    linted_stamp: int = -1
    text: TextMap | None = None
    source: bytes = b""
    linted: LintedText | None = None
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
    ) -> None:
        self._notify = notify
        self._tasks = tasks
        self._linter = linter
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
        encoding = self._server.server_capabilities.position_encoding
        self._encoding: PositionEncoding = "utf-8" if encoding == "utf-8" else "utf-16"
        protocol = self._server.protocol
        protocol._workspace = _Texts(self._encoding)  # noqa: SLF001 - no public way to set it  # pyright: ignore[reportPrivateUsage] - no public way to set it

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

    # Texts.

    def _did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        uri = params.text_document.uri
        self._open[uri] = _Open(self._key(uri))
        self._changed(uri, is_new=True)

    def _did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        self._changed(params.text_document.uri)

    def _did_save(self, params: types.DidSaveTextDocumentParams) -> None:
        self._changed(params.text_document.uri)

    def _did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        opened = self._open.pop(params.text_document.uri, None)
        if opened:
            self._diagnostics.close(opened.key)

    def _key(self, uri: str) -> str:
        path = path_of(uri)
        return os.path.realpath(path) if path else uri

    def _changed(self, uri: str, *, is_new: bool = False) -> None:
        opened = self._open.get(uri)
        if opened is None or self._linter is None or len(self._open) > MAX_OPEN_TEXTS:
            return
        opened.stamp += 1
        if not opened.is_linting:
            opened.is_linting = True
            self._tasks.start_soon(self._keep_linted, uri, opened, 0.0 if is_new else DEBOUNCE_S)

    async def _keep_linted(self, uri: str, opened: _Open, delay_s: float) -> None:
        """One task a text: waits until typing pauses, lints, and again when the text changed meanwhile."""
        try:
            while self._open.get(uri) is opened and opened.linted_stamp != opened.stamp:
                stamp = opened.stamp
                await anyio.sleep(delay_s)
                delay_s = DEBOUNCE_S
                if stamp == opened.stamp and await self._lint(uri, opened):
                    self._show(uri, opened)
        except Exception:
            log.exception("%s could not be linted", uri)
            self._tell(opened, f"{uri}: not checked, the linter failed")
        finally:
            opened.is_linting = False

    async def _lint(self, uri: str, opened: _Open) -> bool:
        """Lint the text as it is now; False when it changed meanwhile and the result was dropped."""
        assert self._linter is not None  # noqa: S101 - callers checked
        stamp = opened.stamp
        text = TextMap(self._server.workspace.get_text_document(uri).source, self._encoding)
        source = text.text.encode("utf-8", "replace")
        if len(source) > MAX_LINT_BYTES:
            linted = LintedText(Verdict.NOT_CHECKED, f"larger than {MAX_LINT_BYTES} bytes", ())
        else:
            path = (self._roots.relative(opened.key) if self._roots else "") or unquote(uri.rpartition("/")[2])
            linted = await to_thread.run_sync(self._linter.lint, path, source)
        if stamp != opened.stamp or self._open.get(uri) is not opened:
            return False
        opened.text, opened.source, opened.linted, opened.linted_stamp = text, source, linted, stamp
        return True

    def _show(self, uri: str, opened: _Open) -> None:
        if opened.linted is None or opened.text is None:
            return
        if opened.linted.verdict is Verdict.NOT_CHECKED:
            self._tell(opened, f"{uri}: not checked, {opened.linted.reason}")
        version = self._server.workspace.get_text_document(uri).version
        findings = tuple(finding for finding, _ in opened.linted.findings)
        self._diagnostics.show_open(opened.key, OpenText(uri, version, opened.text, findings))

    def _tell(self, opened: _Open, text: str) -> None:
        """Say once a text that it is not checked: an empty list of diagnostics alone would read as clean."""
        if not opened.is_told:
            opened.is_told = True
            self._notify("window/logMessage", {"type": 3, "message": text})

    # Quick fixes.

    async def _code_action(self, params: types.CodeActionParams) -> list[types.CodeAction]:
        uri = params.text_document.uri
        opened = self._open.get(uri)
        if opened is None or self._linter is None:
            return []
        for _ in range(3):
            if opened.linted_stamp == opened.stamp or await self._lint(uri, opened):
                break
        if opened.linted is None or opened.text is None or opened.linted_stamp != opened.stamp:
            return []
        version = self._server.workspace.get_text_document(uri).version
        edits = actions.Edits(opened.text, opened.source, uri, version, has_versions=self._has_versions())
        return actions.offered(opened.linted.findings, edits, params)

    def _has_versions(self) -> bool:
        workspace = self._server.client_capabilities.workspace
        edit = workspace.workspace_edit if workspace else None
        return bool(edit and edit.document_changes)


def _cause(error: BaseException) -> str:
    """What cattrs found, in one line."""
    if isinstance(error, BaseExceptionGroup):
        inner = cast("BaseExceptionGroup[BaseException]", error).exceptions
        return _cause(inner[0])
    if error.__cause__ is not None:
        return _cause(error.__cause__)
    return f"{type(error).__name__}: {error}".splitlines()[0][:300]
