"""Adapters whose work the virtual clock can't see, wrapped so that it waits for them."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.domain.events import Event
from orchestrator.domain.mission import Mission
from orchestrator.ports.journal import Journal, MissionSummary, Recorded, Restored
from orchestrator.testing.virtual_time import real_work


class PacedJournal:
    """A journal whose calls count as real work: a writer thread of its own is then never outrun by virtual time."""

    def __init__(self, inner: Journal) -> None:
        """Wrap any journal."""
        self._inner = inner

    async def append(self, mission_id: str, events: Sequence[Event]) -> list[Recorded]:
        """As the inner journal. Raises JournalError."""
        with real_work():
            return await self._inner.append(mission_id, events)

    async def read(self, *, after_seq: int = 0, mission_id: str = "", limit: int = 1_000) -> list[Recorded]:
        """As the inner journal. Raises JournalError."""
        with real_work():
            return await self._inner.read(after_seq=after_seq, mission_id=mission_id, limit=limit)

    async def mission_ids(self) -> list[str]:
        """As the inner journal. Raises JournalError."""
        with real_work():
            return await self._inner.mission_ids()

    async def load(self, *, max_finished_tasks: int = 1_000) -> Restored:
        """As the inner journal. Raises JournalError."""
        with real_work():
            return await self._inner.load(max_finished_tasks=max_finished_tasks)

    async def mission(self, mission_id: str) -> Mission:
        """As the inner journal. Raises JournalError."""
        with real_work():
            return await self._inner.mission(mission_id)

    async def summaries(self, *, limit: int = 1_000) -> list[MissionSummary]:
        """As the inner journal. Raises JournalError."""
        with real_work():
            return await self._inner.summaries(limit=limit)
