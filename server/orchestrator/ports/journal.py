"""The event store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from orchestrator.domain.events import Event
from orchestrator.domain.mission import Mission
from orchestrator.domain.words import MissionStatus
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


@dataclass(frozen=True, slots=True)
class MissionSummary:
    """What is known of a mission without its state, also when its events are in the archive.

    `text` and `end_reason` are cut to 500 characters; `first_s` and `last_s` are the Unix times of its first and last
    event; `task_count` counts every task of the graph, `counts` those of each status that some have.
    """

    id: str
    text: str
    status: MissionStatus
    end_code: str
    end_reason: str
    is_delivered: bool
    delivered_place: str
    host: str
    task_count: int
    counts: dict[str, int]
    first_seq: int
    last_seq: int
    event_count: int
    first_s: float
    last_s: float
    is_archived: bool = False


@dataclass(frozen=True, slots=True)
class Restored:
    """The state of a workspace when its server starts.

    `missions` are those that have not ended, and the newest ended ones as far as memory is meant for them; oldest
    first. `last_seq` is the number of the last event, 0 before the first.
    """

    last_seq: int
    missions: list[Mission]


class Journal(Protocol):
    """Append-only, hash-chained. What `append` returns is committed and synced."""

    async def append(self, mission_id: str, events: Sequence[Event]) -> list[Recorded]:
        """Write the events in one transaction, in the order of the calls. On JournalError nothing is written."""
        ...

    async def read(self, *, after_seq: int = 0, mission_id: str = "", limit: int = 1_000) -> list[Recorded]:
        """Events with a greater sequence number, oldest first, of one mission or ("") of all.

        JournalError `events_archived` when retention has dropped what is asked for.
        """
        ...

    async def mission_ids(self) -> list[str]:
        """Every mission of the journal, oldest first."""
        ...

    async def load(self, *, max_finished_tasks: int = 1_000) -> Restored:
        """The missions as their events say they are; of ended ones at most so many tasks, the newest ones'."""
        ...

    async def mission(self, mission_id: str) -> Mission:
        """One mission, also an archived one; with the id "" when there is none. JournalError `events_archived`."""
        ...

    async def summaries(self, *, limit: int = 1_000) -> list[MissionSummary]:
        """The newest missions, oldest of them first."""
        ...
