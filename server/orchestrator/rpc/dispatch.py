"""Dispatch: every request gets exactly one reply, whatever its handler does."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import Any, cast

import anyio
from anyio.abc import TaskGroup
from pydantic import BaseModel, ValidationError

from orchestrator.errors import OrchestratorError
from orchestrator.rpc import message
from orchestrator.rpc.commands import EXECUTE, meant
from orchestrator.rpc.limits import DEFAULT, Limits
from orchestrator.rpc.outbox import Outbox

log = logging.getLogger(__name__)


class Phase(Enum):
    """Where a connection stands in the life of LSP."""

    FRESH = "fresh"
    OPEN = "open"
    SHUT = "shut"


class RequestError(OrchestratorError):
    """A refusal that belongs to the protocol and not to the domain."""


Handler = Callable[[Any], Coroutine[Any, Any, Any]]
"""Takes validated params (or the raw ones, for a route without a model), answers a model or JSON data."""
Work = Callable[[], Awaitable[None]]
"""What must be awaited before the next message is taken."""
Note = Callable[[Any], Work | None]
"""Takes a notification's params."""


class Pace(Enum):
    """When a handler is done.

    `AT_ONCE` never waits for anything and is run on the spot; `IN_ORDER` is done before the next message is taken;
    `BESIDE` runs beside other requests.
    """

    AT_ONCE = "at_once"
    IN_ORDER = "in_order"
    BESIDE = "beside"


@dataclass(frozen=True, slots=True)
class Route:
    """How one method is served. `allowed` are the phases in which it may be called.

    Where `must_wait` says of a request's params that there is something to wait for, it runs beside others, and
    `prepare` does that waiting before the handler.
    """

    handler: Handler
    params: type[BaseModel] | None = None
    pace: Pace = Pace.BESIDE
    must_wait: Callable[[object], bool] = lambda _: False
    prepare: Callable[[Any], Awaitable[None]] | None = None
    allowed: frozenset[Phase] = frozenset({Phase.OPEN})


@dataclass(slots=True, eq=False)
class _Pending:
    id: message.Id
    method: str
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    is_answered: bool = False


@dataclass(slots=True, eq=False)
class _Sent:
    done: anyio.Event = field(default_factory=anyio.Event)
    reply: message.Response | None = None


class Dispatcher:
    """Routes the messages of one connection.

    `routes` serves requests by name, `commands` those of `workspace/executeCommand`, `notes` notifications; other
    notifications are ignored.
    """

    def __init__(
        self,
        outbox: Outbox,
        tasks: TaskGroup,
        *,
        routes: Mapping[str, Route],
        notes: Mapping[str, Note],
        commands: Mapping[str, Route] | None = None,
        limits: Limits = DEFAULT,
    ) -> None:
        self.phase = Phase.FRESH
        self.is_closing = False
        self._outbox = outbox
        self._tasks = tasks
        self._routes = routes
        self._notes = notes
        self._commands = commands or {}
        self._limits = limits
        self._by_id: dict[message.Id, _Pending] = {}
        self._running: set[_Pending] = set()
        self._is_idle = anyio.Event()
        self._sent: dict[message.Id, _Sent] = {}
        self._sent_count = 0

    @property
    def pending_count(self) -> int:
        """Requests of the client that are under way."""
        return len(self._running)

    @property
    def outgoing_bytes(self) -> int:
        """Bytes that wait for the client to read them."""
        return self._outbox.size_bytes

    def handle(self, body: bytes) -> Work | None:
        """Take one frame's body; what must be awaited before the next one. Never raises for what a peer can send."""
        match message.parse(body, self._limits.nesting):
            case message.Request() as request:
                return self._request(request)
            case message.Notification() as note:
                return self._notification(note)
            case message.Response() as response:
                self._response(response)
            case message.Invalid(request_id, name, reason):
                log.warning("invalid message: %s", reason)
                self._outbox.put(message.encode_error(request_id, name, reason))
        return None

    # Requests from the client.

    def _request(self, request: message.Request) -> Work | None:
        if request.id in self._by_id:
            self._refuse(request, "invalid_request", f"a request with the id {request.id!r} is already under way")
            return None
        if len(self._running) >= self._limits.pending_requests:
            cap = self._limits.pending_requests
            self._refuse(request, "server_busy", f"{cap} requests are under way", "wait for replies, then ask again")
            return None
        route = self._routes.get(request.method)
        if request.method == EXECUTE and self.phase is Phase.OPEN:
            called = meant(request)
            if isinstance(called, str):
                self._refuse(request, "invalid_params", called)
                return None
            request, route = called, self._commands.get(called.method)
        if refusal := self._refusal(route, request.method):
            self._refuse(request, *refusal)
            return None
        if route is None:
            self._refuse(request, "method_not_found", f"there is no method {request.method!r}")
            return None
        if route.pace is Pace.AT_ONCE and (reply := self._reply_at_once(request, route)) is not None:
            self._outbox.put(reply)
            return None
        pending = _Pending(request.id, request.method)
        self._by_id[request.id] = pending
        self._running.add(pending)
        if route.pace is Pace.IN_ORDER:
            return partial(self._serve, pending, route, request)
        self._tasks.start_soon(self._serve, pending, route, request)
        return None

    def _refusal(self, route: Route | None, method: str) -> tuple[str, str, str] | None:
        if self.phase is Phase.OPEN and (route is None or Phase.OPEN in route.allowed):
            return None
        if route and self.phase in route.allowed:
            return None
        if self.phase is Phase.FRESH:
            return ("not_initialized", f"{method} came before a successful initialize", "send initialize first")
        if self.phase is Phase.SHUT:
            return ("invalid_request", f"{method} came after shutdown", "start a new server")
        return ("invalid_request", f"{method} is not allowed now", "")

    def _refuse(self, request: message.Request, name: str, reason: str, hint: str = "") -> None:
        self._outbox.put(message.encode_error(request.id, name, reason, hint))

    def _reply_at_once(self, request: message.Request, route: Route) -> bytes | None:
        """The reply of a handler that has nothing to wait for, with no task of its own; None when it has to wait."""
        try:
            params = _validated(route.params, request)
            if route.must_wait(params):
                return None
            result = _run_on_the_spot(route.handler(params))
            return self._fitting(request.id, message.encode_result(request.id, result))
        except Exception as raised:  # noqa: BLE001 - a defect in one handler must not end the others
            return self._error_reply(request, raised)

    async def _serve(self, pending: _Pending, route: Route, request: message.Request) -> None:
        try:
            if route.pace is Pace.IN_ORDER:  # nothing else is read meanwhile, so nothing can cancel it
                self._answer(pending, await self._reply(route, request))
                return
            with pending.scope:
                self._answer(pending, await self._reply(route, request))
        finally:
            self._answer_error(pending, "server_closing", "the server ends before the request was done")
            self._running.discard(pending)
            if not self._running:
                self._is_idle.set()

    async def _reply(self, route: Route, request: message.Request) -> bytes:
        """The reply's body, an error for everything that a handler can do wrong."""
        try:
            params = _validated(route.params, request)
            if route.prepare and route.must_wait(params):
                await route.prepare(params)
            result = await route.handler(params)
            return self._fitting(request.id, message.encode_result(request.id, result))
        except Exception as raised:  # noqa: BLE001 - as above
            return self._error_reply(request, raised)

    def _fitting(self, request_id: message.Id, body: bytes) -> bytes:
        if len(body) <= self._limits.frame_bytes:
            return body
        reason = f"the result of {len(body)} bytes does not fit into a frame"
        return message.encode_error(request_id, "result_too_large", reason, "ask for less")

    def _error_reply(self, request: message.Request, raised: Exception) -> bytes:
        error = _sole(raised)
        if isinstance(error, OrchestratorError):
            return message.encode_error(request.id, error.code, error.message, error.hint, error.data)
        log.error("%s failed", request.method, exc_info=raised)
        reason = f"{request.method} failed inside the server"
        return message.encode_error(request.id, "internal_error", reason, "the server's log says more")

    def _answer(self, pending: _Pending, body: bytes) -> None:
        if pending.is_answered:
            return
        pending.is_answered = True
        if self._by_id.get(pending.id) is pending:
            del self._by_id[pending.id]
        self._outbox.put(body)

    def _answer_error(self, pending: _Pending, name: str, reason: str) -> None:
        if not pending.is_answered:
            self._answer(pending, message.encode_error(pending.id, name, reason))

    def cancel(self, request_id: object) -> None:
        """Answer a request with `request_cancelled` at once and end its handler. Unknown ids are ignored."""
        pending = self._by_id.get(request_id) if isinstance(request_id, int | str) else None
        if pending is None:
            log.info("cancel for the unknown request %.100r", request_id)
            return
        self._answer_error(pending, "request_cancelled", f"{pending.method} was cancelled")
        pending.scope.cancel()

    async def drain(self, grace_s: float) -> None:
        """Give requests under way some time, then answer and end the rest."""
        with anyio.move_on_after(grace_s):
            await self._wait_until_idle()
        for pending in list(self._running):
            self._answer_error(pending, "server_closing", f"the server ends before {pending.method} was done")
            pending.scope.cancel()
        self.forget_calls()
        await self._wait_until_idle()

    def forget_calls(self) -> None:
        """The client has left: whoever waits for an answer of it is told."""
        self.is_closing = True
        for sent in self._sent.values():
            sent.done.set()

    async def _wait_until_idle(self) -> None:
        while self._running:
            self._is_idle = anyio.Event()
            await self._is_idle.wait()

    # Notifications from the client.

    def _notification(self, note: message.Notification) -> Work | None:
        if note.method == "$/cancelRequest":
            params = note.params
            self.cancel(cast("dict[str, Any]", params).get("id") if isinstance(params, dict) else None)
            return None
        if self.phase is not Phase.OPEN and note.method != "exit":
            log.info("notification %.100r dropped (%s)", note.method, self.phase.value)
            return None
        try:
            handler = self._notes.get(note.method)
            work = handler(note.params) if handler else None
        except Exception:
            log.exception("notification %.100r failed", note.method)
            return None
        return partial(_guarded, note.method, work) if work else None

    # Messages to the client.

    def notify(self, method: str, params: object) -> None:
        """Send a notification: a model or JSON data."""
        self._outbox.put(message.encode_call(method, params))

    async def call(self, method: str, params: object, timeout_s: float) -> message.Response | None:
        """Send a request and wait for its reply; None when none comes in time or the client leaves."""
        if len(self._sent) >= self._limits.pending_calls:
            raise OrchestratorError("server_busy", f"{len(self._sent)} requests to the client are under way")
        if self.is_closing:
            return None
        self._sent_count += 1
        request_id = f"s{self._sent_count}"
        sent = self._sent[request_id] = _Sent()
        try:
            self._outbox.put(message.encode_call(method, params, request_id))
            with anyio.move_on_after(timeout_s):
                await sent.done.wait()
        finally:
            del self._sent[request_id]
            if not sent.done.is_set():
                self.notify("$/cancelRequest", {"id": request_id})
        return sent.reply

    def _response(self, response: message.Response) -> None:
        sent = self._sent.get(response.id) if isinstance(response.id, int | str) else None
        if sent is None:
            log.warning("a reply to request %.100r, which was never sent, is ignored", response.id)
            return
        sent.reply = response
        sent.done.set()


async def _guarded(method: str, work: Work) -> None:
    try:
        await work()
    except Exception:
        log.exception("notification %.100r failed", method)


def _run_on_the_spot(serving: Coroutine[Any, Any, Any]) -> object:
    """Run a handler that never waits. Raises RuntimeError when it does."""
    try:
        serving.send(None)
    except StopIteration as ended:
        return ended.value
    serving.close()
    raise RuntimeError("a handler that is run on the spot began to wait")


def _sole(error: BaseException) -> BaseException:
    """What a task group wrapped, where that is one thing."""
    found = error
    while isinstance(found, BaseExceptionGroup):
        inner = cast("BaseExceptionGroup[BaseException]", found).exceptions
        if len(inner) != 1:
            return error
        found = inner[0]
    return found


def _validated(model: type[BaseModel] | None, request: message.Request) -> object:
    """Params as their model, read from the frame's own bytes; raw without a model. Raises RequestError with fields."""
    raw = request.raw
    if model is None:
        try:
            return request.params
        except ValueError:
            raise RequestError("invalid_params", "text in params is no UTF-8") from None
    if raw[:1] != b"{":
        raw = raw.strip()
        if raw == b"null":
            raw = b"{}"
        elif raw[:1] != b"{":
            raise RequestError("invalid_params", "params must be an object with named fields")
    try:
        return model.__pydantic_validator__.validate_json(raw)
    except ValidationError as error:
        raise RequestError("invalid_params", misfit(error)) from None


def misfit(error: ValidationError) -> str:
    """What does not fit in params, with the names of the fields."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    named = "; ".join(f"{'.'.join(map(str, ('params', *p['loc'])))}: {p['msg']}" for p in problems[:5])
    return named + (f"; and {len(problems) - 5} more" if len(problems) > 5 else "")
