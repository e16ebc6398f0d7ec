"""Work-done progress: one token a running mission, at most ten reports a second each."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import anyio

from orchestrator.domain.mission import Mission
from orchestrator.domain.words import MissionStatus
from orchestrator.rpc.mapping import counts
from orchestrator.rpc.message import Response

log = logging.getLogger(__name__)
INTERVAL_S = 0.1
MAX_SHOWN = 64
"""Most missions that get a token at one time."""

Call = Callable[[str, Any], Awaitable[Response | None]]
Notify = Callable[[str, Any], None]


@dataclass(slots=True)
class _Shown:
    token: str
    percentage: int = 0


class Progress:
    """Tells the client how far missions are. Only for clients that show it."""

    def __init__(self, call: Call, notify: Notify, mission: Callable[[str], Mission]) -> None:
        self._call = call
        self._notify = notify
        self._mission = mission
        self._dirty: dict[str, None] = {}
        self._shown: dict[str, _Shown] = {}
        self._changed = anyio.Event()

    def note(self, mission_id: str) -> None:
        """Something about the mission changed."""
        self._dirty[mission_id] = None
        self._changed.set()

    async def run(self) -> None:
        """Report until cancelled."""
        while True:
            await self._changed.wait()
            self._changed = anyio.Event()
            dirty, self._dirty = self._dirty, {}
            for mission_id in dirty:
                await self._report(self._mission(mission_id))
            await anyio.sleep(INTERVAL_S)

    async def _report(self, mission: Mission) -> None:
        shown = self._shown.get(mission.id)
        if mission.status.is_terminal:
            if shown:
                del self._shown[mission.id]
                self._send(shown, {"kind": "end", "message": mission.status.value})
            return
        if mission.status is MissionStatus.QUEUED:
            return
        if shown is None:
            shown = await self._begin(mission)
        if shown is None:
            return
        tally = counts(mission)
        settled = tally.done + tally.struck + tally.failed
        if tally.total:
            shown.percentage = max(shown.percentage, min(99, 100 * settled // tally.total))
        self._send(shown, {"kind": "report", "message": _message(mission), "percentage": shown.percentage})

    async def _begin(self, mission: Mission) -> _Shown | None:
        if len(self._shown) >= MAX_SHOWN:
            return None
        token = f"orchestrator/{mission.id}"
        reply = await self._call("window/workDoneProgress/create", {"token": token})
        if reply is None or reply.error is not None:
            log.info("the client shows no progress for %s", mission.id)
            return None
        shown = self._shown[mission.id] = _Shown(token)
        title = " ".join(mission.text.split())[:80]
        self._send(shown, {"kind": "begin", "title": title, "cancellable": False, "percentage": 0})
        return shown

    def _send(self, shown: _Shown, value: dict[str, Any]) -> None:
        self._notify("$/progress", {"token": shown.token, "value": value})


def _message(mission: Mission) -> str:
    """Such as "3 of 7 tasks, 1 fixing"."""
    tally = counts(mission)
    if not tally.total:
        return mission.status.value
    parts = [f"{tally.done} of {tally.total} tasks"]
    if tally.fixing:
        parts.append(f"{tally.fixing} fixing")
    if tally.failed:
        parts.append(f"{tally.failed} failed")
    if mission.status is MissionStatus.SEALING:
        parts.append("sealing")
    return ", ".join(parts)
