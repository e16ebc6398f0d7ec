"""The other side of a connection, for handlers that talk back: what it can, and calls to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import anyio
from pydantic import ValidationError

from orchestrator.errors import OrchestratorError
from orchestrator.rpc.initialize import NAMELESS
from orchestrator.rpc.limits import DEFAULT
from orchestrator_protocol.capabilities import ClientCapabilities
from orchestrator_protocol.methods import METHODS

if TYPE_CHECKING:
    from orchestrator.rpc.connections import Connections
    from orchestrator.rpc.dispatch import Dispatcher


class Peer:
    """One client.

    `id` is unique within the server's life; `closed` is set once the client has left for good. `capabilities`, `name`
    and `workspace` (its path, "" without one) are those of `initialize`. `connections` are all clients of this server.
    """

    def __init__(self, peer_id: str, dispatcher: Dispatcher, connections: Connections) -> None:
        """A client that has not said anything yet."""
        self.id = peer_id
        self.name = NAMELESS
        self.workspace = ""
        self.capabilities = ClientCapabilities()
        self.closed = anyio.Event()
        self.is_behind = False
        self.connections = connections
        self._dispatcher = dispatcher

    @property
    def pending_requests(self) -> int:
        """Requests of this client that are under way."""
        return self._dispatcher.pending_count

    @property
    def outgoing_bytes(self) -> int:
        """Bytes that wait for this client to read them."""
        return self._dispatcher.outgoing_bytes

    def notify(self, method: str, params: object) -> None:
        """Send a notification: a model or JSON data. A client that has left is no error."""
        self._dispatcher.notify(method, params)

    async def call(self, method: str, params: object, timeout_s: float = DEFAULT.client_reply_s) -> Any:  # noqa: ANN401 - the result's model, or JSON data
        """Send a request and wait for its result: the model of the table of methods, else JSON data.

        Raises OrchestratorError `client_gone`, `client_silent` after `timeout_s`, `server_busy` with too many calls
        under way, or `client_refused` for an error and for a result that does not fit. A caller that is cancelled, or
        waits too long, has the request cancelled at the client, too.
        """
        if self.closed.is_set():
            raise OrchestratorError("client_gone", f"the client that should answer {method} has left")
        reply = await self._dispatcher.call(method, params, timeout_s)
        if reply is None:
            if self.closed.is_set() or self._dispatcher.is_closing:
                raise OrchestratorError("client_gone", f"the client left before it answered {method}")
            raise OrchestratorError("client_silent", f"the client did not answer {method} within {timeout_s:g} s")
        if reply.error is not None:
            raise OrchestratorError("client_refused", f"the client refused {method}: {_reason(reply.error)}")
        entry = METHODS.get(method)
        if entry is None or entry.result is None:
            return reply.result
        try:
            return entry.result.model_validate(reply.result)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(map(str, first["loc"]))
            message = f"the client's answer to {method} does not fit: result.{place}: {first['msg']}"
            raise OrchestratorError("client_refused", message) from None


def _reason(error: object) -> str:
    fields = cast("dict[str, Any]", error) if isinstance(error, dict) else {}
    return str(fields.get("message", "it gave no reason"))[:1_000]
