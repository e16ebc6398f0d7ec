"""Taking missions up again after a server has ended, however it ended."""

from __future__ import annotations

from orchestrator.domain.commands import TakeUp
from orchestrator.domain.mission import Mission
from orchestrator.domain.words import MissionStatus
from orchestrator.engine.ledger import Ledger
from orchestrator.engine.publisher import Publisher
from orchestrator.engine.rooms import Rooms

MAX_FINISHED_TASKS = 1_000
"""Tasks of ended missions that stay in memory; older missions are read from the journal when somebody asks."""


async def restore(rooms: Rooms) -> tuple[dict[str, Ledger], Publisher]:
    """The ledgers of the missions that memory is meant for, and a publisher that goes on behind the newest event."""
    restored = await rooms.journal.load(max_finished_tasks=MAX_FINISHED_TASKS)
    publisher = Publisher(restored.last_seq)
    ledgers = {mission.id: Ledger(rooms.journal, publisher, mission) for mission in restored.missions}
    return ledgers, publisher


def forgettable(ledgers: dict[str, Ledger]) -> list[str]:
    """The oldest ended missions that memory has no room for (see MAX_FINISHED_TASKS), never the newest of them."""
    *older, newest = [ledger.mission for ledger in ledgers.values() if ledger.mission.is_over] or [Mission()]
    room = MAX_FINISHED_TASKS - max(len(newest.tasks), 1)
    forgotten: list[str] = []
    for mission in reversed(older):
        room -= max(len(mission.tasks), 1)
        if room < 0:
            forgotten.append(mission.id)
    return forgotten


async def take_up(ledger: Ledger) -> None:
    """Record that what ran here is gone and the mission goes on. A mission that never began needs no such record.

    Attempts whose session may live on its host stay; the commander finds out.
    """
    mission = ledger.mission
    if mission.status is not MissionStatus.QUEUED and not mission.status.is_terminal:
        kept = tuple(session.attempt_id for session in mission.sessions.values())
        await ledger.do(TakeUp("the server ended while the mission was under way", kept))
