"""A mission's limit of wall time: how long it may run, over all servers that it has had.

The time counts while a server runs the mission and nobody has paused it. The time between two servers does not count,
and neither does what a server that was killed did after its last event: nobody knows how long that was.
"""

from __future__ import annotations

from collections.abc import Sequence

import anyio

from orchestrator.domain import events as e
from orchestrator.domain.commands import Pause
from orchestrator.engine.hold import Hold
from orchestrator.engine.ledger import Ledger
from orchestrator.engine.projecting import history
from orchestrator.ports.journal import Journal, Recorded

BY = "budget"
"""Who pauses a mission whose time is used up, in the journal."""


async def watch_wall_time(ledger: Ledger, hold: Hold, journal: Journal) -> None:
    """Hold the mission when its time is used up; a resume after that gives it the same time again. Until cancelled."""
    mission = ledger.mission
    left_s = max(0.0, mission.wall_time_s - worked_s(await history(journal, mission.id)))
    while True:
        try:
            with hold.deadline("", left_s):
                await anyio.sleep_forever()
        except TimeoutError:
            if not mission.is_paused:
                await ledger.do(Pause(BY, f"its wall time of {mission.wall_time_s:.0f} s is used up"))
        await hold.passable()
        left_s = mission.wall_time_s


def worked_s(recorded: Sequence[Recorded]) -> float:
    """Seconds that a mission ran since it began or last got its time anew; its events come oldest first."""
    # What is decided when a mission is taken up has one time: that of the new server, behind the gap.
    gaps = {item.at_s for item in recorded if isinstance(item.event, e.MissionTakenUp)}
    total_s, last_s = 0.0, 0.0
    is_running, pauser = False, ""
    for item in recorded:
        event = item.event
        if is_running and not pauser and item.at_s not in gaps:
            total_s += max(0.0, item.at_s - last_s)
        last_s = item.at_s
        if isinstance(event, e.MissionPaused):
            pauser = event.by
        elif isinstance(event, e.MissionResumed):
            total_s = 0.0 if pauser == BY else total_s
            pauser = ""
        elif isinstance(event, e.MissionStarted | e.MissionTakenUp | e.MissionReopened):
            is_running = True
        elif isinstance(event, e.MissionSealed | e.MissionEnded):
            is_running, pauser = False, ""
    return total_s
