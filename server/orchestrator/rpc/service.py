"""What the handlers need from the engine."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from anyio.streams.memory import MemoryObjectReceiveStream

from orchestrator.domain.commands import Command
from orchestrator.domain.estimate import Estimate
from orchestrator.domain.events import Event
from orchestrator.domain.mission import Mission
from orchestrator.domain.words import DeliveryMode
from orchestrator.ports.hosting import HostedSessions
from orchestrator.ports.jobs import Jobs
from orchestrator.ports.journal import MissionSummary, Recorded
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
        """The missions in memory, oldest first: all that have not ended, and the newest that have."""
        ...

    async def listed(self) -> list[Mission | MissionSummary]:
        """The newest missions, oldest first; those that memory has let go in short."""
        ...

    def knows(self, mission_id: str) -> bool:
        """Whether a mission is in memory."""
        ...

    async def recall(self, mission_id: str) -> None:
        """Bring an ended mission back into memory; unknown ids do nothing."""
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

    async def do(self, mission_id: str, *commands: Command) -> list[Event]:
        """Carry out commands by the rules of the domain; answers once the events are on disk."""
        ...

    async def retry(self, mission_id: str, by: str) -> Mission:
        """Try an ended mission again."""
        ...

    async def stop_task(self, mission_id: str, task_id: str, by: str) -> Mission:
        """End a task's attempt and hold the task."""
        ...

    async def undo(self, mission_id: str, task_id: str, by: str) -> tuple[str, ...]:
        """Take back one task's work, or ("") all that the mission wrote; the restored paths."""
        ...

    def plan_question(self, mission_id: str, version: int) -> str:
        """The id of the question whether the plan at this version may run."""
        ...

    async def summary(self, mission_id: str) -> str:
        """What a mission did, as Markdown."""
        ...

    async def page(self, mission_id: str) -> str:
        """The same as one HTML file."""
        ...

    def estimate(self, mission_id: str, host: str) -> Estimate:
        """What a mission is likely to need."""
        ...

    @property
    def root(self) -> str:
        """The workspace's folder."""
        ...

    @property
    def jobs(self) -> Jobs:
        """The background jobs of sessions."""
        ...

    @property
    def hosted(self) -> HostedSessions:
        """Where clients that host sessions come and go."""
        ...

    def subscribe(self) -> AbstractContextManager[MemoryObjectReceiveStream[Recorded]]:
        """Events from now on. A slow subscriber's stream ends; it catches up by `events`."""
        ...
