"""Summaries of missions, pushed to every client at a rate that a person can read."""

from __future__ import annotations

from orchestrator_protocol.mission import MissionStatus
from orchestrator_protocol.task import TaskCounts
from orchestrator_protocol.wire import Result


class MissionProgress(Result):
    """Where a mission stands: at most ten notifications a second a client, the last one always sent.

    `status` is also the phase; `running_sessions` counts attempts under way; `cost_usd` is what the mission has cost so
    far in US dollars, null while its host reports none; `last_seq` is the newest event that is counted in.
    """

    mission_id: str
    status: MissionStatus
    counts: TaskCounts
    running_sessions: int
    cost_usd: float | None = None
    last_seq: int


class EventsDropped(Result):
    """This client read too slowly, so it was not sent the events after `after_seq`, up to and with `last_seq`.

    Events after `last_seq` come as notifications again. `mission/events` answers those between.
    """

    after_seq: int
    last_seq: int
