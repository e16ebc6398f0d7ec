"""One connection: the life of LSP around the dispatcher, the service and what is pushed to the client."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, ExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

import anyio
from anyio.abc import ByteReceiveStream, ByteSendStream, TaskGroup, TaskStatus
from pydantic import ValidationError

from orchestrator.config.places import workspace_root
from orchestrator.errors import OrchestratorError
from orchestrator.rpc import message
from orchestrator.rpc.asking import Asking
from orchestrator.rpc.commands import FIX_RULE
from orchestrator.rpc.connections import Connections, open_connections
from orchestrator.rpc.diagnostics import Roots
from orchestrator.rpc.dispatch import Dispatcher, Pace, Phase, RequestError, Route, Work, misfit
from orchestrator.rpc.editor import LSP_NOTIFICATIONS, LSP_REQUESTS, Editor, MakeLinter
from orchestrator.rpc.feed import Batch
from orchestrator.rpc.handlers import HANDLERS, IMMEDIATE, NOTES, WITH_PEER
from orchestrator.rpc.hosting import PeerSessionClient
from orchestrator.rpc.initialize import InitializeParams, answer, checked_hello
from orchestrator.rpc.limits import DEFAULT, Limits
from orchestrator.rpc.notices import Notices
from orchestrator.rpc.outbox import Outbox
from orchestrator.rpc.progress import Progress
from orchestrator.rpc.reading import MessageLoop
from orchestrator.rpc.service import Service
from orchestrator.rpc.telling import Telling
from orchestrator.rpc.watching import is_alive
from orchestrator_protocol.methods import METHODS, commands
from orchestrator_protocol.wire import Result

log = logging.getLogger(__name__)

OpenService = Callable[[Path], AbstractAsyncContextManager[Service]]


async def serve(
    receive: ByteReceiveStream,
    send: ByteSendStream,
    *,
    open_service: OpenService,
    make_linter: MakeLinter | None,
    limits: Limits = DEFAULT,
    connections: Connections | None = None,
    greeting: str = "",
    last_words: Callable[[], str] = str,
    has_left: Callable[[], bool] = lambda: False,
) -> int:
    """Serve one client until it says `exit`, closes its side, dies, or breaks the framing.

    When the scope around it is cancelled, requests under way get `drain_s` to end, unless the client `has_left`.

    `open_service` is entered by `initialize` with the client's folder and left at the end, when everything that it runs
    for this client alone must be reaped. `connections` are what the clients of a shared server have in common. A
    `greeting` is shown to the person once, `last_words` are sent when the server is told to end. Answers the exit code:
    0 after `shutdown`, else 1.
    """
    outbox = Outbox(limits)
    outbox.farewell = _farewell
    flushing = anyio.CancelScope(shield=True)
    phase = Phase.FRESH
    async with AsyncExitStack() as stack:
        if connections is None:
            connections = await stack.enter_async_context(open_connections(is_shared=False))
        sending = await stack.enter_async_context(anyio.create_task_group())
        sending.start_soon(_send, outbox, send, limits, flushing)
        ending = await stack.enter_async_context(anyio.create_task_group())
        try:
            async with _shielded() as tasks:
                session = _Session(
                    outbox,
                    tasks,
                    open_service=open_service,
                    make_linter=make_linter,
                    limits=limits,
                    connections=connections,
                    greeting=greeting,
                )
                ending.start_soon(_end_when_told, session, has_left)
                await session.run(receive)
                phase = session.dispatcher.phase
                tasks.cancel_scope.cancel()
            if session.is_told and not has_left() and (reason := last_words()):
                outbox.put(message.encode_error(None, "server_closing", reason, "connect again"))
        finally:
            ending.cancel_scope.cancel()
            outbox.finish()
            flushing.deadline = anyio.current_time() + limits.flush_s
    return 0 if phase is Phase.SHUT else 1


@asynccontextmanager
async def _shielded() -> AsyncGenerator[TaskGroup]:
    with anyio.CancelScope(shield=True):
        async with anyio.create_task_group() as tasks:
            yield tasks


async def _end_when_told(session: _Session, has_left: Callable[[], bool]) -> None:
    """The connection's own tasks are shielded: this one hears that the server is to end, and ends them in order."""
    try:
        await anyio.sleep_forever()
    finally:
        session.end(is_abrupt=has_left())


def _farewell(reason: str) -> bytes:
    return message.encode_error(None, "client_too_slow", reason, "connect again, then ask mission/events for the rest")


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
        self,
        outbox: Outbox,
        tasks: TaskGroup,
        *,
        open_service: OpenService,
        make_linter: MakeLinter | None,
        limits: Limits,
        connections: Connections,
        greeting: str,
    ) -> None:
        self._outbox = outbox
        self._tasks = tasks
        self._open_service = open_service
        self._limits = limits
        self._greeting = greeting
        self._connections = connections
        self._service: Service | None = None
        self._is_ending = anyio.Event()
        self._service_closed = anyio.Event()
        self._service_closed.set()
        self._reading = anyio.CancelScope()
        self.is_told = False
        """Whether the server was told to end while this client was there."""
        self._is_abrupt = False
        self._hello = InitializeParams()
        self._root: Path | None = None
        self._following = ExitStack()
        self._hosting = ExitStack()
        routes = {
            "initialize": Route(self._initialize, pace=Pace.IN_ORDER, allowed=frozenset({Phase.FRESH})),
            "shutdown": Route(self._shutdown, pace=Pace.AT_ONCE),
        }
        routes |= {
            name: Route(
                self._bound(name),
                METHODS[name].params,
                Pace.AT_ONCE if name in IMMEDIATE else Pace.BESIDE,
                must_wait=self._must_recall,
                prepare=self._recall,
            )
            for name in (*HANDLERS, *WITH_PEER)
        }
        self._editor = Editor(self._notify, tasks, make_linter)
        routes |= {name: Route(self._editor.request(name)) for name in LSP_REQUESTS}
        notes: dict[str, Callable[[Any], Work | None]] = {name: self._editor.note(name) for name in LSP_NOTIFICATIONS}
        notes |= {name: self._told(name) for name in NOTES}
        notes["exit"] = self._exit
        called = {
            name: routes.get(method.name) or Route(self._noted(method.name), method.params)
            for name, method in commands().items()
        }
        called[FIX_RULE] = Route(self._fix_rule)
        self.dispatcher = Dispatcher(outbox, tasks, routes=routes, notes=notes, commands=called, limits=limits)
        self._peer = connections.enter(self.dispatcher)

    async def run(self, receive: ByteReceiveStream) -> None:
        """Read until the end, then let go of everything in order."""
        try:
            with self._reading:
                self._tasks.start_soon(self._watch_outbox)
                await MessageLoop(self.dispatcher.handle, self._outbox, self._limits).run(receive)
            self._hosting.close()
            has_left = self._reading.cancel_called and not self.is_told
            await self.dispatcher.drain(0.0 if has_left or self._is_abrupt else self._limits.drain_s)
            self._is_ending.set()
            await self._service_closed.wait()
        finally:
            self.dispatcher.forget_calls()
            self._hosting.close()
            self._following.close()
            self._connections.leave(self._peer)
            self._editor.close()

    def end(self, *, is_abrupt: bool) -> None:
        """The server is to end: read nothing more; unless it is abrupt, requests under way get their time."""
        self.is_told, self._is_abrupt = True, is_abrupt
        self._reading.cancel()

    def _notify(self, method: str, params: object) -> None:
        self.dispatcher.notify(method, params)

    async def _watch_outbox(self) -> None:
        await self._outbox.closed.wait()
        self._reading.cancel()

    # The life of LSP.

    async def _initialize(self, params: object) -> dict[str, Any]:
        hello = checked_hello(params)
        self._hello = hello
        if hello.root is not None:
            self._root = workspace_root(hello.root)
            await self._open(hello.root)
        roots = Roots(self._root, hello.root) if self._root and hello.root else None
        self._editor.open(roots, hello.encoding, cast("dict[str, Any]", params))
        self._peer.capabilities, self._peer.name = hello.client, hello.client_name
        self._peer.workspace = str(self._root or "")
        if hello.process_id:
            self._tasks.start_soon(self._watch_client, hello.process_id)
        if self._service is not None:
            self._follow(self._service)
            self._host(self._service)
        self.dispatcher.phase = Phase.OPEN
        if self._greeting:
            self._tasks.start_soon(self._greet)
        return answer(hello, self._root, is_shared=self._connections.is_shared)

    async def _greet(self) -> None:
        self.dispatcher.notify("window/showMessage", {"type": 2, "message": self._greeting})

    async def _shutdown(self, _params: object) -> None:
        self.dispatcher.phase = Phase.SHUT

    def _exit(self, _params: object) -> None:
        self._reading.cancel()

    async def _watch_client(self, process_id: int) -> None:
        """A client that died without closing its side is noticed by its process."""
        while is_alive(process_id):  # noqa: ASYNC110 - nothing tells about another process's end
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

    def _bound(self, name: str) -> Callable[[Any], Any]:
        """The handler of a method with the service, and where it asks for it the client, filled in."""
        plain, with_peer = HANDLERS.get(name), WITH_PEER.get(name)

        def bound(params: object) -> Coroutine[Any, Any, Result]:
            if with_peer:
                return with_peer(self._opened, params, self._peer)
            assert plain is not None  # noqa: S101 - a name is in one of the two tables
            return plain(self._opened, params)

        return bound

    async def _recall(self, params: object) -> None:
        await self._opened.recall(getattr(params, "mission_id", ""))

    def _must_recall(self, params: object) -> bool:
        """Whether a request names a mission that memory has let go, or nobody knows."""
        mission_id = getattr(params, "mission_id", "")
        return bool(mission_id) and self._service is not None and not self._service.knows(mission_id)

    @property
    def _opened(self) -> Service:
        if self._service is None:
            raise OrchestratorError(
                "no_workspace", "the client opened no folder", "open one: rootUri or workspaceFolders in initialize"
            )
        return self._service

    def _told(self, name: str) -> Callable[[Any], None]:
        """Takes a notification of a client; one that does not fit is dropped."""

        def told(params: object) -> None:
            try:
                NOTES[name](self._opened, METHODS[name].params.model_validate(params), self._peer)
            except ValidationError as error:
                log.warning("notification %s dropped: %s", name, misfit(error))
            except OrchestratorError as error:
                log.warning("notification %s dropped: %s", name, error)

        return told

    def _noted(self, name: str) -> Callable[[Any], Any]:
        """The same as a command, which has an answer: null."""

        async def noted(params: object) -> None:
            NOTES[name](self._opened, params, self._peer)

        return noted

    async def _fix_rule(self, rule: object) -> object:
        """The command: has the client apply the edit, and answers what the client says of it."""
        if not isinstance(rule, str) or not rule:
            raise RequestError("invalid_params", "params.arguments: the one argument is the id of a rule")
        edit = await self._editor.fix_rule(rule)
        if not any(edit.values()):
            return {"applied": False, "failureReason": f"nothing that {rule} finds here has a fix"}
        return await self._peer.call("workspace/applyEdit", {"label": f"Fix all of {rule}", "edit": edit})

    def _host(self, service: Service) -> None:
        """Let sessions run in the client, where it said that it can host."""
        if self._hello.client.host is None:
            return
        service.hosted.join(PeerSessionClient(self._peer))
        self._hosting.callback(service.hosted.leave, self._peer.id)

    def _follow(self, service: Service) -> None:
        """Push what missions do: events, summaries, work-done progress, findings."""
        dispatcher = self.dispatcher
        telling = Telling(self._outbox, dispatcher.notify, service.get, self._hello.client.show, self._limits)
        call = partial(dispatcher.call, timeout_s=self._limits.client_reply_s)
        progress = Progress(call, dispatcher.notify, service.get) if self._hello.has_progress else None
        if progress:
            self._tasks.start_soon(_guarded, "progress", progress.run)
        self._tasks.start_soon(_guarded, "summaries", telling.run)
        asking = Asking(service, dispatcher.notify, self._hello.client.approve)
        self._tasks.start_soon(_guarded, "questions", _later(asking.ask_open))
        client = self._hello.client
        notices = Notices(dispatcher.notify, service.get) if client.show.notices or client.host else None

        def take(batch: Batch) -> None:
            telling.take(batch)
            self._peer.is_behind = telling.is_behind
            for recorded in batch.recorded:
                self._editor.note_event(recorded)
                asking.note(recorded)
                if notices:
                    notices.note(recorded)
                if progress:
                    progress.note(recorded.mission_id)

        self._following.enter_context(self._connections.feed(service).listening(take))


def _later(work: Callable[[], None]) -> Callable[[], Awaitable[None]]:
    """Work for a task of its own: after the answer that is being given now."""

    async def later() -> None:
        work()

    return later


async def _guarded(name: str, run: Callable[[], Awaitable[None]]) -> None:
    """A defect in what is only shown must not end the connection."""
    try:
        await run()
    except Exception:
        log.exception("the client gets no more %s", name)
