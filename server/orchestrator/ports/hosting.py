"""Clients that host sessions, as the `editor` host sees them, and what they bring back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from orchestrator.domain.budget import Amounts
from orchestrator.domain.mission import Answered
from orchestrator.domain.words import FailureKind
from orchestrator.ports.host import Containment, SessionSpec, ToolDescription

HEADLESS: Final = "OpenCode headless"
"""What the client calls itself that the server has started; every other one is a person's."""


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """How a turn of a hosted session ended: with an answer (`failure` None), or with a class of failure."""

    text: str
    failure: FailureKind | None = None
    retry_after_s: float | None = None
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class HostedState:
    """What a client knows of a session; `last_text` is the newest thing that it said ("" for nothing)."""

    is_alive: bool
    is_busy: bool
    last_text: str


class SessionClient(Protocol):
    """One connected client that can host sessions. Every call may raise OrchestratorError (it left, it is silent)."""

    @property
    def id(self) -> str:
        """Unique among the connections of this server's life."""
        ...

    @property
    def name(self) -> str:
        """How people call it."""
        ...

    @property
    def containment(self) -> Containment:
        """How far its sessions are confined."""
        ...

    async def create(self, spec: SessionSpec, tools: tuple[ToolDescription, ...]) -> str:
        """Open a session; the client's own name for it."""
        ...

    async def prompt(self, session_id: str, place: str, text: str) -> None:
        """Begin a turn; its end comes as TurnEnded."""
        ...

    async def abort(self, session_id: str, place: str) -> None:
        """End the turn under way; returns when nothing of it runs any more."""
        ...

    async def compact(self, session_id: str, place: str, keep: str) -> bool:
        """Shorten the session's history, keeping `keep` word for word; False where the client said it can't."""
        ...

    async def look(self, session_id: str, place: str) -> HostedState:
        """What the session is doing."""
        ...

    async def delete(self, session_id: str, place: str) -> None:
        """Forget the session."""
        ...


class HostedSessions(Protocol):
    """Where clients that host sessions come, go, and bring back what happens in them."""

    def join(self, client: SessionClient) -> None:
        """A client that can host is there."""
        ...

    def leave(self, client_id: str) -> None:
        """It has left; its sessions wait for another client that knows them."""
        ...

    def ended(self, client_id: str, session_id: str, end: TurnEnded) -> None:
        """A turn ended. News of a session that is not this client's, or not waiting, are dropped."""
        ...

    async def call_tool(
        self, client_id: str, session_id: str, tool: str, arguments: Mapping[str, object]
    ) -> dict[str, object]:
        """A session calls a tool. Raises ToolError, and OrchestratorError `unknown_session`."""
        ...

    async def reserve(self, client_id: str, session_id: str, worst: Amounts) -> str:
        """A session is about to call its model. Raises OrchestratorError `budget_exhausted`, `unknown_session`."""
        ...

    async def settle(self, client_id: str, session_id: str, reservation_id: str, used: Amounts) -> None:
        """The call has used this much. Raises OrchestratorError `unknown_session`, `unknown_reservation`."""
        ...

    async def ask(self, client_id: str, session_id: str, subject: str, text: str) -> Answered:
        """A session needs a person's leave. Raises OrchestratorError `unknown_session`, `too_many_questions`."""
        ...
