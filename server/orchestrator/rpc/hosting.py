"""A connected client as a host of sessions: calls of the engine as requests to it."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel

from orchestrator.errors import OrchestratorError
from orchestrator.ports.host import Containment, SessionSpec, ToolDescription
from orchestrator.ports.hosting import HostedState
from orchestrator.rpc.peer import Peer
from orchestrator_protocol import session as wire

R = TypeVar("R", bound=BaseModel)
_ABORT_TIMEOUT_S = 30.0
_CREATE_TIMEOUT_S = 60.0
"""An event loop that fifty sessions share stalls for seconds; see docs/protocol.md."""


class PeerSessionClient:
    """Implements `ports.hosting.SessionClient` over one connection."""

    def __init__(self, peer: Peer) -> None:
        """Speak to this client, which said that it can host."""
        self._peer = peer

    @property
    def id(self) -> str:
        """The connection's id."""
        return self._peer.id

    @property
    def name(self) -> str:
        """What the client calls itself."""
        return self._peer.name

    @property
    def containment(self) -> Containment:
        """What the client says of its sessions."""
        host = self._peer.capabilities.host
        return host.containment if host else "observed"

    async def create(self, spec: SessionSpec, tools: tuple[ToolDescription, ...]) -> str:
        """session/create."""
        params = wire.SessionCreateParams(
            session_id=spec.session_id,
            mission_id=spec.mission_id,
            task_id=spec.task_id,
            role=spec.role.value,
            title=spec.title,
            system=spec.system,
            tools=[wire.ToolSchema(name=t.name, description=t.purpose, arguments=dict(t.arguments)) for t in tools],
            model=spec.model,
        )
        result = await self._call("session/create", params, wire.SessionCreateResult, _CREATE_TIMEOUT_S)
        return result.place

    async def prompt(self, session_id: str, place: str, text: str) -> None:
        """session/prompt."""
        params = wire.SessionPromptParams(session_id=session_id, place=place, text=text)
        await self._call("session/prompt", params, wire.SessionPromptResult, _CREATE_TIMEOUT_S)

    async def abort(self, session_id: str, place: str) -> None:
        """session/abort."""
        params = wire.SessionAbortParams(session_id=session_id, place=place)
        await self._call("session/abort", params, wire.SessionAbortResult, _ABORT_TIMEOUT_S)

    async def compact(self, session_id: str, place: str, keep: str) -> bool:
        """session/compact, of a client that serves it."""
        host = self._peer.capabilities.host
        if host is None or not host.can_compact:
            return False
        params = wire.SessionCompactParams(session_id=session_id, place=place, keep=keep)
        await self._call("session/compact", params, wire.SessionCompactResult, _CREATE_TIMEOUT_S)
        return True

    async def look(self, session_id: str, place: str) -> HostedState:
        """session/messages."""
        params = wire.SessionMessagesParams(session_id=session_id, place=place)
        result = await self._call("session/messages", params, wire.SessionMessagesResult, _ABORT_TIMEOUT_S)
        said = [message.text for message in result.messages if message.role == "assistant"]
        return HostedState(result.is_alive, result.is_busy, said[-1] if said else "")

    async def delete(self, session_id: str, place: str) -> None:
        """session/delete."""
        params = wire.SessionDeleteParams(session_id=session_id, place=place)
        await self._call("session/delete", params, wire.SessionDeleteResult, _ABORT_TIMEOUT_S)

    async def _call(self, method: str, params: BaseModel, result: type[R], timeout_s: float) -> R:
        answer = await self._peer.call(method, params, timeout_s)
        if not isinstance(answer, result):
            raise OrchestratorError("client_refused", f"the client's answer to {method} does not fit")
        return answer
