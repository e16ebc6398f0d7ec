"""Dispatch: every request gets exactly one reply, whatever its handler does."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, cast

import anyio
import msgspec
from anyio.abc import TaskGroup
from pydantic import BaseModel, ValidationError

from orchestrator.errors import OrchestratorError
from orchestrator.rpc import message
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


Handler = Callable[[Any], Awaitable[Any]]
"""Takes validated params (or the raw ones, for a route without a model), answers a model or JSON data."""


@dataclass(frozen=True, slots=True)
class Route:
    """How one method is served. `is_inline` routes finish before the next message is read.

    `allowed` are the phases in which the method may be called.
    """

    handler: Handler
    params: type[BaseModel] | None = None
    is_inline: bool = False
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

    `routes` serves requests by name, `notes` notifications; `fallback_note` gets every other notification.
    """

    def __init__(
        self,
        outbox: Outbox,
        tasks: TaskGroup,
        *,
        routes: Mapping[str, Route],
        notes: Mapping[str, Callable[[Any], Awaitable[None]]],
        fallback_note: Callable[[str, Any], Awaitable[None]] | None = None,
        limits: Limits = DEFAULT,
    ) -> None:
        self.phase = Phase.FRESH
        self._outbox = outbox
        self._tasks = tasks
        self._routes = routes
        self._notes = notes
        self._fallback_note = fallback_note
        self._limits = limits
        self._by_id: dict[message.Id, _Pending] = {}
        self._running: set[_Pending] = set()
        self._is_idle = anyio.Event()
        self._sent: dict[message.Id, _Sent] = {}
        self._sent_count = 0

    async def handle(self, body: bytes) -> None:
        """Take one frame's body. Never raises for what a peer can send."""
        match message.parse(body, self._limits.nesting):
            case message.Request() as request:
                await self._request(request)
            case message.Notification() as note:
                await self._notification(note)
            case message.Response() as response:
                self._response(response)
            case message.Invalid(request_id, name, reason):
                log.warning("invalid message: %s", reason)
                self._outbox.put(message.encode_error(request_id, name, reason))

    # Requests from the client.

    async def _request(self, request: message.Request) -> None:
        if request.id in self._by_id:
            self._refuse(request, "invalid_request", f"a request with the id {request.id!r} is already under way")
            return
        if len(self._running) >= self._limits.pending_requests:
            cap = self._limits.pending_requests
            self._refuse(request, "server_busy", f"{cap} requests are under way", "wait for replies, then ask again")
            return
        route = self._routes.get(request.method)
        if refusal := self._refusal(route, request.method):
            self._refuse(request, *refusal)
            return
        if route is None:
            self._refuse(request, "method_not_found", f"there is no method {request.method!r}")
            return
        pending = _Pending(request.id, request.method)
        self._by_id[request.id] = pending
        self._running.add(pending)
        if route.is_inline:
            await self._serve(pending, route, request.params)
        else:
            self._tasks.start_soon(self._serve, pending, route, request.params)

    def _refusal(self, route: Route | None, method: str) -> tuple[str, str, str] | None:
        allowed = route.allowed if route else frozenset({Phase.OPEN})
        if self.phase in allowed:
            return None
        if self.phase is Phase.FRESH:
            return ("not_initialized", f"{method} came before a successful initialize", "send initialize first")
        if self.phase is Phase.SHUT:
            return ("invalid_request", f"{method} came after shutdown", "start a new server")
        return ("invalid_request", f"{method} is not allowed now", "")

    def _refuse(self, request: message.Request, name: str, reason: str, hint: str = "") -> None:
        self._outbox.put(message.encode_error(request.id, name, reason, hint))

    async def _serve(self, pending: _Pending, route: Route, params: object) -> None:
        try:
            if route.is_inline:  # nothing else is read meanwhile, so nothing can cancel it
                self._answer(pending, await self._reply(pending, route, params))
                return
            with pending.scope:
                self._answer(pending, await self._reply(pending, route, params))
        finally:
            self._answer_error(pending, "server_closing", "the server ends before the request was done")
            self._running.discard(pending)
            if not self._running:
                self._is_idle.set()

    async def _reply(self, pending: _Pending, route: Route, params: object) -> bytes:
        """The reply's body, an error for everything that a handler can do wrong."""
        try:
            checked = _validated(route.params, params) if route.params else params
            result = await route.handler(checked)
            body = message.encode_result(pending.id, _encoded(result))
        except Exception as raised:  # noqa: BLE001 - a defect in one handler must not end the others
            return self._error_reply(pending, raised)
        if len(body) > self._limits.frame_bytes:
            reason = f"the result of {len(body)} bytes does not fit into a frame"
            return message.encode_error(pending.id, "result_too_large", reason, "ask for less")
        return body

    def _error_reply(self, pending: _Pending, raised: Exception) -> bytes:
        error = _sole(raised)
        if isinstance(error, OrchestratorError):
            return message.encode_error(pending.id, error.code, error.message, error.hint)
        log.error("%s failed", pending.method, exc_info=raised)
        reason = f"{pending.method} failed inside the server"
        return message.encode_error(pending.id, "internal_error", reason, "the server's log says more")

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
        for sent in self._sent.values():
            sent.done.set()
        await self._wait_until_idle()

    async def _wait_until_idle(self) -> None:
        while self._running:
            self._is_idle = anyio.Event()
            await self._is_idle.wait()

    # Notifications from the client.

    async def _notification(self, note: message.Notification) -> None:
        if note.method == "$/cancelRequest":
            params = note.params
            self.cancel(cast("dict[str, Any]", params).get("id") if isinstance(params, dict) else None)
            return
        if self.phase is not Phase.OPEN and note.method != "exit":
            log.info("notification %.100r dropped (%s)", note.method, self.phase.value)
            return
        try:
            if handler := self._notes.get(note.method):
                await handler(note.params)
            elif self._fallback_note:
                await self._fallback_note(note.method, note.params)
        except Exception:
            log.exception("notification %.100r failed", note.method)

    # Messages to the client.

    def notify(self, method: str, params: object) -> None:
        """Send a notification: a model or JSON data."""
        self._outbox.put(message.encode_call(method, _encoded(params)))

    async def call(self, method: str, params: object) -> message.Response | None:
        """Send a request and wait for its reply; None when none comes in time."""
        self._sent_count += 1
        request_id = f"s{self._sent_count}"
        sent = self._sent[request_id] = _Sent()
        try:
            self._outbox.put(message.encode_call(method, _encoded(params), request_id))
            with anyio.move_on_after(self._limits.client_reply_s):
                await sent.done.wait()
        finally:
            del self._sent[request_id]
        return sent.reply

    def _response(self, response: message.Response) -> None:
        sent = self._sent.get(response.id) if isinstance(response.id, int | str) else None
        if sent is None:
            log.warning("a reply to request %.100r, which was never sent, is ignored", response.id)
            return
        sent.reply = response
        sent.done.set()


def _sole(error: BaseException) -> BaseException:
    """What a task group wrapped, where that is one thing."""
    found = error
    while isinstance(found, BaseExceptionGroup):
        inner = cast("BaseExceptionGroup[BaseException]", found).exceptions
        if len(inner) != 1:
            return error
        found = inner[0]
    return found


def _validated(model: type[BaseModel], params: object) -> BaseModel:
    """Params as their model. Raises RequestError that names the fields."""
    if params is None:
        params = {}
    if not isinstance(params, dict):
        raise RequestError("invalid_params", "params must be an object with named fields")
    try:
        return model.model_validate(params)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        named = "; ".join(f"params.{'.'.join(map(str, p['loc']))}: {p['msg']}" for p in problems[:5])
        more = f"; and {len(problems) - 5} more" if len(problems) > 5 else ""
        raise RequestError("invalid_params", named + more) from None


def _encoded(value: object) -> object:
    """A model as raw JSON with its wire names; anything else as it is."""
    if isinstance(value, BaseModel):
        return msgspec.Raw(value.__pydantic_serializer__.to_json(value, by_alias=True))
    return value
