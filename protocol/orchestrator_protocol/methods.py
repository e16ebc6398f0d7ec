"""The table of all methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from orchestrator_protocol import event, mission
from orchestrator_protocol.wire import RequestParams, Result

Direction = Literal["client_to_server", "server_to_client"]


@dataclass(frozen=True, slots=True)
class Method:
    """One method. A request has a result model; a notification has none. `params` validates what is received."""

    name: str
    direction: Direction
    params: type[RequestParams[Any] | Result]
    result: type[Result] | None
    doc: str


def _request(name: str, params: type[RequestParams[Any]], result: type[Result], doc: str) -> Method:
    return Method(name, "client_to_server", params, result, doc)


_TABLE = (
    _request(
        "mission/start",
        mission.MissionStartParams,
        mission.MissionStartResult,
        "Take a mission in and run or queue it.",
    ),
    _request(
        "mission/stop",
        mission.MissionStopParams,
        mission.MissionStopResult,
        "Stop a mission and wait until it is reaped; its work so far stays on the mission's ref.",
    ),
    _request(
        "mission/status", mission.MissionStatusParams, mission.MissionStatusResult, "All that is known of a mission."
    ),
    _request(
        "mission/list",
        mission.MissionListParams,
        mission.MissionListResult,
        "Every mission of the workspace, in short.",
    ),
    _request("mission/events", event.MissionEventsParams, event.MissionEventsResult, "Events after a sequence number."),
    _request("mission/diff", mission.MissionDiffParams, mission.MissionDiffResult, "The work as a unified diff."),
    _request(
        "mission/deliver", mission.MissionDeliverParams, mission.MissionDeliverResult, "Bring the work to the user."
    ),
    Method(
        "mission/event",
        "server_to_client",
        event.MissionEvent,
        None,
        "One committed fact, in order, for all missions of the workspace from the time of `initialize` on.",
    ),
)

METHODS: dict[str, Method] = {method.name: method for method in _TABLE}
"""Every method by its name."""

REQUESTS: dict[type[RequestParams[Any]], Method] = {
    method.params: method for method in _TABLE if issubclass(method.params, RequestParams)
}
"""The requests by their params model."""
