"""One handler a method, named `noun_verb`. Each takes the engine's service and validated params."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from orchestrator.rpc.handlers.mission_deliver import mission_deliver
from orchestrator.rpc.handlers.mission_diff import mission_diff
from orchestrator.rpc.handlers.mission_events import mission_events
from orchestrator.rpc.handlers.mission_list import mission_list
from orchestrator.rpc.handlers.mission_start import mission_start
from orchestrator.rpc.handlers.mission_status import mission_status
from orchestrator.rpc.handlers.mission_stop import mission_stop
from orchestrator.rpc.service import Service
from orchestrator_protocol.wire import Result

MissionHandler = Callable[[Service, Any], Awaitable[Result]]

HANDLERS: dict[str, MissionHandler] = {
    "mission/start": mission_start,
    "mission/stop": mission_stop,
    "mission/status": mission_status,
    "mission/list": mission_list,
    "mission/events": mission_events,
    "mission/diff": mission_diff,
    "mission/deliver": mission_deliver,
}
"""The handler of every request in the table of methods."""

IMMEDIATE = frozenset({"mission/status", "mission/list"})
"""Those that only look at what is in memory: they are answered before the next message is read."""
