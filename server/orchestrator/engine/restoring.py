"""Taking missions up again after a server has ended, however it ended."""

from __future__ import annotations

from orchestrator.domain.commands import TakeUp
from orchestrator.domain.evolve import fold
from orchestrator.domain.mission import Mission
from orchestrator.domain.words import MissionStatus
from orchestrator.engine.ledger import Ledger
from orchestrator.engine.publisher import Publisher
from orchestrator.engine.rooms import Rooms
from orchestrator.ports.journal import Recorded

_PAGE = 1_000


async def restore(rooms: Rooms) -> tuple[dict[str, Ledger], Publisher]:
    """The ledgers of all missions as the journal tells them, and a publisher that goes on behind its newest event."""
    recorded: dict[str, list[Recorded]] = {}
    last_seq = 0
    while page := await rooms.journal.read(after_seq=last_seq, limit=_PAGE):
        for item in page:
            recorded.setdefault(item.mission_id, []).append(item)
        last_seq = page[-1].seq
    publisher = Publisher(last_seq)
    ledgers = {
        mission_id: Ledger(rooms.journal, publisher, fold(item.event for item in items))
        for mission_id, items in recorded.items()
    }
    return ledgers, publisher


def is_unfinished(mission: Mission) -> bool:
    """Whether something is left to do: it has not ended, or it was sealed and nobody was told."""
    if mission.status is MissionStatus.SEALED:
        return mission.delivered_mode is None and not mission.is_undone
    return not mission.status.is_terminal


async def take_up(ledger: Ledger) -> None:
    """Record that what ran is gone and the mission goes on. A mission that never began needs no such record."""
    mission = ledger.mission
    if mission.status is not MissionStatus.QUEUED and not mission.status.is_terminal:
        await ledger.do(TakeUp("the server ended while the mission was under way"))
