"""What the handlers need from the engine."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from anyio.streams.memory import MemoryObjectReceiveStream

from orchestrator.domain.mission import Mission
from orchestrator.domain.words import DeliveryMode
from orchestrator.ports.journal import Recorded
from orchestrator.ports.workspace import Delivery

if TYPE_CHECKING:
    from orchestrator.engine.service import StartRequest


class Service(Protocol):
    """The engine's MissionService as this room sees it; every method may raise OrchestratorError."""

    async def start(self, request: StartRequest) -> tuple[Mission, int]:
        """Take a mission in; the mission, and how many run before it."""
        ...

    async def stop(self, mission_id: str) -> Mission:
        """Stop a mission; returns when everything is reaped."""
        ...

    def get(self, mission_id: str) -> Mission:
        """One mission, as it is now."""
        ...

    def missions(self) -> list[Mission]:
        """All missions, oldest first."""
        ...

    async def events(self, *, mission_id: str, after_seq: int, limit: int) -> list[Recorded]:
        """Events after a sequence number; of all missions when `mission_id` is ""."""
        ...

    async def changed_paths(self, mission_id: str) -> tuple[str, ...]:
        """Paths that the mission's ref changes."""
        ...

    async def diff(self, mission_id: str, task_id: str = "") -> str:
        """The work as a unified diff."""
        ...

    async def deliver(self, mission_id: str, mode: DeliveryMode) -> Delivery:
        """Bring the work to the user."""
        ...

    def subscribe(self) -> AbstractContextManager[MemoryObjectReceiveStream[Recorded]]:
        """Events from now on. A slow subscriber's stream ends; it catches up by `events`."""
        ...
