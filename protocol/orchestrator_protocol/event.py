"""Events: the facts of missions, read from the journal or pushed as `mission/event`."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from orchestrator_protocol.bounds import MAX_COUNT
from orchestrator_protocol.wire import RequestParams, Result

MAX_EVENTS = 1_000
"""Most events in one answer of `mission/events`."""


class MissionEvent(Result):
    """One fact. `seq` counts from 1 without gaps over all missions of the workspace; `at` is Unix time in seconds.

    `type` is a dotted name such as "attempt.refused"; `data` are the event's own fields in camelCase.
    """

    seq: int
    mission_id: str
    at: float
    type: str
    data: dict[str, Any]


class MissionEventsResult(Result):
    """Events, oldest first. Ask again with `last_seq` until `events` is empty; a full answer may be cut by size.

    After the newest event there is none: `last_seq` is then the `after_seq` of the question.
    """

    events: list[MissionEvent]
    last_seq: int


class MissionEventsParams(RequestParams[MissionEventsResult]):
    """Events after a sequence number, of one mission or (without `mission_id`) of all.

    Errors: unknown_mission, events_archived.
    """

    mission_id: Annotated[str, Field(max_length=200)] = ""
    after_seq: Annotated[int, Field(ge=0, le=MAX_COUNT)] = 0
    limit: Annotated[int, Field(ge=1, le=MAX_EVENTS)] = MAX_EVENTS
