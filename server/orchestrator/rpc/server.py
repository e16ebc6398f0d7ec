"""One connection: the life of LSP around the dispatcher, the service and what is pushed to the client."""

from __future__ import annotations

import importlib
import logging
import os
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import anyio
import anyio.lowlevel
from anyio import to_thread
from anyio.abc import ByteReceiveStream, ByteSendStream, TaskGroup, TaskStatus
from pydantic import ValidationError

from orchestrator.config.places import workspace_root
from orchestrator.errors import OrchestratorError
from orchestrator.ports.journal import Recorded
from orchestrator.ports.linter import Linter
from orchestrator.rpc import message
from orchestrator.rpc.diagnostics import Diagnostics, Roots
from orchestrator.rpc.dispatch import Dispatcher, Phase, RequestError, Route
from orchestrator.rpc.findings import MissionFindings
from orchestrator.rpc.handlers import HANDLERS, IMMEDIATE, MissionHandler
from orchestrator.rpc.initialize import InitializeParams, answer
from orchestrator.rpc.io import FrameReader, FramingError
from orchestrator.rpc.limits import DEFAULT, Limits
from orchestrator.rpc.outbox import Outbox
from orchestrator.rpc.progress import Progress
from orchestrator.rpc.pump import pump
from orchestrator.rpc.service import Service
from orchestrator_protocol.event import MissionEvent
from orchestrator_protocol.methods import METHODS

if TYPE_CHECKING:
    from orchestrator.rpc.lsp import LspRoom

log = logging.getLogger(__name__)

OpenService = Callable[[Path], AbstractAsyncContextManager[Service]]
LSP_REQUESTS = frozenset({"textDocument/codeAction"})
LSP_NOTIFICATIONS = frozenset(
    {"textDocument/didOpen", "textDocument/didChange", "textDocument/didClose", "textDocument/didSave"}
)
"""The standard methods that are served; the first of them loads `rpc.lsp`."""


async def serve(
    receive: ByteReceiveStream,
    send: ByteSendStream,
    *,
    open_service: OpenService,
    linter: Linter | None,
    limits: Limits = DEFAULT,
) -> int:
    """Serve one client until it says `exit`, closes its side, dies, or breaks the framing.

    `open_service` is entered by `initialize` with the client's folder and left at the end, when everything that it runs
    must be reaped. Answers the exit code: 0 after `shutdown`, else 1.
    """
    outbox = Outbox(limits)
    flushing = anyio.CancelScope(shield=True)
    phase = Phase.FRESH
    async with anyio.create_task_group() as sending:
        sending.start_soon(_send, outbox, send, limits, flushing)
        try:
            async with anyio.create_task_group() as tasks:
                session = _Session(outbox, tasks, open_service, linter, limits)
                await session.run(FrameReader(receive, limits))
                phase = session.dispatcher.phase
                tasks.cancel_scope.cancel()
        finally:
            outbox.finish()
            flushing.deadline = anyio.current_time() + limits.flush_s
    return 0 if phase is Phase.SHUT else 1


async def _send(outbox: Outbox, stream: ByteSendStream, limits: Limits, scope: anyio.CancelScope) -> None:
    """Send until finished. Shielded, so that the last replies leave also when the server is told to end."""
    try:
        with scope:
            await outbox.run(stream)
    finally:
        if outbox.closed_reason:
            log.warning("connection dropped: %s", outbox.closed_reason)
        elif outbox.size_bytes:
            log.warning("%d bytes did not leave within %g s", outbox.size_bytes, limits.flush_s)
        outbox.close("the connection has ended")


class _Session:
    """The state of one connection."""

    def __init__(
        self, outbox: Outbox, tasks: TaskGroup, open_service: OpenService, linter: Linter | None, limits: Limits
    ) -> None:
        self._outbox = outbox
        self._tasks = tasks
        self._open_service = open_service
        self._linter = linter
        self._limits = limits
        self._service: Service | None = None
        self._is_ending = anyio.Event()
        self._service_closed = anyio.Event()
        self._service_closed.set()
        self._reading = anyio.CancelScope()
        self._hello = InitializeParams()
        self._raw_hello: dict[str, Any] = {}
        self._findings = MissionFindings()
        self._diagnostics: Diagnostics | None = None
        self._roots: Roots | None = None
        self._lsp: LspRoom | None = None
        self._lsp_loading = anyio.Lock()
        routes = {
            "initialize": Route(self._initialize, is_inline=True, allowed=frozenset({Phase.FRESH})),
            "shutdown": Route(self._shutdown, is_inline=True, allowed=frozenset({Phase.OPEN})),
        }
        routes |= {
            name: Route(self._bound(handler), METHODS[name].params, is_inline=name in IMMEDIATE)
            for name, handler in HANDLERS.items()
        }
        routes |= {name: Route(self._lsp_request(name)) for name in LSP_REQUESTS}
        self.dispatcher = Dispatcher(
            outbox, tasks, routes=routes, notes={"exit": self._exit}, fallback_note=self._lsp_note, limits=limits
        )

    async def run(self, reader: FrameReader) -> None:
        """Read until the end, then let go of everything in order."""
        with self._reading:
            self._tasks.start_soon(self._watch_outbox)
            await self._read(reader)
        has_left = self._reading.cancel_called
        await self.dispatcher.drain(0.0 if has_left else self._limits.drain_s)
        self._is_ending.set()
        await self._service_closed.wait()
        if self._lsp:
            self._lsp.close()

    async def _read(self, reader: FrameReader) -> None:
        while True:
            try:
                body = await reader.next()
            except FramingError as error:
                log.warning("connection given up: %s", error)
                self._outbox.put(message.encode_error(None, "invalid_request", str(error), "the connection is closed"))
                return
            if body is None:
                return
            await self.dispatcher.handle(body)
            await self._outbox.wait_for_room()
            if reader.has_more:
                await anyio.lowlevel.checkpoint()

    async def _watch_outbox(self) -> None:
        await self._outbox.closed.wait()
        self._reading.cancel()

    # The life of LSP.

    async def _initialize(self, params: object) -> dict[str, Any]:
        try:
            hello = InitializeParams.model_validate(params)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(map(str, first["loc"]))
            raise RequestError("invalid_params", f"params.{place}: {first['msg']}") from None
        self._hello, self._raw_hello = hello, cast("dict[str, Any]", params)
        if hello.root is not None:
            self._roots = Roots(workspace_root(hello.root), hello.root)
            await self._open(hello.root)
        self._diagnostics = Diagnostics(
            self._roots,
            hello.encoding,
            lambda shown: self.dispatcher.notify("textDocument/publishDiagnostics", shown),
            self._findings.of,
        )
        if hello.process_id:
            self._tasks.start_soon(self._watch_client, hello.process_id)
        if self._service is not None:
            self._follow(self._service)
        self.dispatcher.phase = Phase.OPEN
        return answer(hello.encoding)

    async def _shutdown(self, _params: object) -> None:
        self.dispatcher.phase = Phase.SHUT

    async def _exit(self, _params: object) -> None:
        self._reading.cancel()

    async def _watch_client(self, process_id: int) -> None:
        """A client that died without closing its side is noticed by its process."""
        while _is_alive(process_id):  # noqa: ASYNC110 - nothing tells about another process's end
            await anyio.sleep(self._limits.client_poll_s)
        log.warning("the client's process %d is gone", process_id)
        self._reading.cancel()

    # The service.

    async def _open(self, root: Path) -> None:
        """Enter the service in a task of its own, which also leaves it. Raises what opening raises."""
        result: Service | OrchestratorError = await self._tasks.start(self._own_service, root)
        if isinstance(result, OrchestratorError):
            raise result
        self._service = result

    async def _own_service(self, root: Path, *, task_status: TaskStatus[Service | OrchestratorError]) -> None:
        is_open = False
        self._service_closed = anyio.Event()
        try:
            async with self._open_service(root) as service:
                is_open = True
                task_status.started(service)
                await self._is_ending.wait()
        except Exception as raised:
            if is_open:
                log.exception("the missions of %s did not end well", root)
                self._reading.cancel()
                return
            if not isinstance(raised, OrchestratorError):
                log.exception("the workspace %s can't be opened", root)
                raised = OrchestratorError("internal_error", f"the workspace {root} can't be opened", "see the log")
            task_status.started(raised)
        finally:
            self._service = None
            self._service_closed.set()

    def _bound(self, handler: MissionHandler) -> Callable[[Any], Awaitable[Any]]:
        async def bound(params: object) -> object:
            if self._service is None:
                raise OrchestratorError(
                    "no_workspace", "the client opened no folder", "open one: rootUri or workspaceFolders in initialize"
                )
            return await handler(self._service, params)

        return bound

    def _follow(self, service: Service) -> None:
        """Push what missions do: events, progress, findings."""
        dispatcher = self.dispatcher
        progress = Progress(dispatcher.call, dispatcher.notify, service.get) if self._hello.has_progress else None
        if progress:
            self._tasks.start_soon(_guarded, "progress", progress.run)

        def push(recorded: Recorded, view: MissionEvent) -> None:
            dispatcher.notify("mission/event", view)
            for path in self._findings.note(recorded.mission_id, recorded.event):
                if self._diagnostics:
                    self._diagnostics.show_mission(path)
            if progress:
                progress.note(recorded.mission_id)

        self._tasks.start_soon(_guarded, "events", lambda: pump(service, self._outbox, push))

    # The standard methods.

    async def _room(self) -> LspRoom:
        """The LSP room of this connection, loaded and made when first needed."""
        async with self._lsp_loading:
            if self._lsp is None:
                await to_thread.run_sync(_load_lsp)
                from orchestrator.rpc.lsp import LspRoom  # noqa: PLC0415 - 0.6 s of import, in a thread until here

                assert self._diagnostics is not None  # noqa: S101 - made by initialize, which comes first
                self._lsp = LspRoom(
                    self._raw_hello,
                    self.dispatcher.notify,
                    self._tasks,
                    linter=self._linter,
                    diagnostics=self._diagnostics,
                    roots=self._roots,
                )
            return self._lsp

    def _lsp_request(self, name: str) -> Callable[[Any], Awaitable[Any]]:
        async def request(params: object) -> object:
            return await (await self._room()).request(name, params)

        return request

    async def _lsp_note(self, name: str, params: object) -> None:
        if name in LSP_NOTIFICATIONS:
            (await self._room()).note(name, params)


def _load_lsp() -> None:
    importlib.import_module("orchestrator.rpc.lsp")


async def _guarded(name: str, run: Callable[[], Awaitable[None]]) -> None:
    """A defect in what is only shown must not end the connection."""
    try:
        await run()
    except Exception:
        log.exception("the client gets no more %s", name)


def _is_alive(process_id: int) -> bool:
    """Whether a process runs; one that waits to be reaped does not."""
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    try:
        state = Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
    except OSError:
        return True
    return state.split()[:1] != ["Z"]
