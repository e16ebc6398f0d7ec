"""The event store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from orchestrator.domain.events import Event
from orchestrator.errors import OrchestratorError


class JournalError(OrchestratorError):
    """The journal can't be opened, read or written (`journal_locked`, `journal_corrupt`, `disk_full`, …)."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event that is on disk. `seq` counts from 1 over the whole journal; `at_s` is Unix time in seconds."""

    seq: int
    mission_id: str
    at_s: float
    event: Event


class Journal(Protocol):
    """Append-only, hash-chained. What `append` returns is committed and synced."""

    async def append(self, mission_id: str, events: Sequence[Event]) -> list[Recorded]:
        """Write the events in one transaction, in the order of the calls. On JournalError nothing is written."""
        ...

    async def read(self, *, after_seq: int = 0, mission_id: str = "", limit: int = 1_000) -> list[Recorded]:
        """Events with a greater sequence number, oldest first, of one mission or ("") of all."""
        ...

    async def mission_ids(self) -> list[str]:
        """Every mission of the journal, oldest first."""
        ...
