"""Keeping the readable files in the workspace up to date with the journal."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable

import anyio

from orchestrator.domain.mission import Mission
from orchestrator.engine.ledger import Ledger
from orchestrator.engine.rooms import Rooms
from orchestrator.engine.todo_desk import TodoDesk
from orchestrator.errors import OrchestratorError
from orchestrator.ports.journal import Journal, Recorded

_log = logging.getLogger(__name__)
_INTERVAL_S = 0.2
_POLL_S = 2.0
"""How often the TODO file of a running mission is looked at for a person's edits."""
_PAGE = 1_000
_MAX_PAGES = 100


class Projector:
    """Writes `todo.md` soon after its mission changed, and `summary.md` when it ended; at most five times a second.

    Edits that a person makes in `todo.md` are taken before it is written, and looked for while a mission runs.

    A workspace where these files can't be written loses them, with a line in the log; its missions go on.
    """

    def __init__(self, rooms: Rooms, ledger_of: Callable[[str], Ledger], active: Callable[[], str]) -> None:
        """Project the missions that `ledger_of` answers; `active` names the one that runs ("" for none)."""
        self._rooms = rooms
        self._ledger_of = ledger_of
        self._active = active
        self._desk = TodoDesk(rooms.todo, ledger_of)
        self._changed: dict[str, None] = {}
        self._wake = anyio.Event()

    def notice(self, recorded: Recorded) -> None:
        """Remember that this event's mission has changed."""
        self._changed[recorded.mission_id] = None
        self._wake.set()

    async def run(self) -> None:
        """Project changes until cancelled."""
        while True:
            with anyio.move_on_after(_POLL_S if self._active() else math.inf):
                await self._wake.wait()
            self._wake = anyio.Event()
            active = self._active()
            if active and active not in self._changed and await self._desk.is_edited():
                self._changed[active] = None
            await self.flush()
            await anyio.sleep(_INTERVAL_S)

    async def flush(self) -> None:
        """Project everything that has changed and is not written yet."""
        while self._changed:
            mission_id = next(iter(self._changed))
            del self._changed[mission_id]
            try:
                await self._write(self._ledger_of(mission_id).mission)
            except OrchestratorError as error:
                _log.warning("the readable files of mission %s are not up to date: %s", mission_id, error)

    async def _write(self, mission: Mission) -> None:
        await self._desk.sync(mission.id)
        if mission.status.is_terminal:
            events = await history(self._rooms.journal, mission.id)
            await anyio.to_thread.run_sync(self._rooms.projection.write_summary, mission, events)


async def history(journal: Journal, mission_id: str) -> list[Recorded]:
    """The events of one mission, oldest first, as far as a summary needs them. Raises JournalError."""
    events: list[Recorded] = []
    for _ in range(_MAX_PAGES):
        after_seq = events[-1].seq if events else 0
        page = await journal.read(after_seq=after_seq, mission_id=mission_id, limit=_PAGE)
        events.extend(page)
        if len(page) < _PAGE:
            break
    return events
