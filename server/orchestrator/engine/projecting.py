"""Keeping the readable files in the workspace up to date with the journal."""

from __future__ import annotations

import logging
from collections.abc import Callable

import anyio

from orchestrator.domain.mission import Mission
from orchestrator.engine.rooms import Rooms
from orchestrator.ports.journal import JournalError, Recorded

_log = logging.getLogger(__name__)
_INTERVAL_S = 0.2
_PAGE = 1_000
_MAX_PAGES = 100


class Projector:
    """Writes `todo.md` soon after its mission changed, and `summary.md` when it ended; at most five times a second.

    A workspace where these files can't be written loses them, with a line in the log; its missions go on.
    """

    def __init__(self, rooms: Rooms, mission_of: Callable[[str], Mission]) -> None:
        """Project the missions that `mission_of` answers."""
        self._rooms = rooms
        self._mission_of = mission_of
        self._changed: dict[str, None] = {}
        self._wake = anyio.Event()

    def notice(self, recorded: Recorded) -> None:
        """Remember that this event's mission has changed."""
        self._changed[recorded.mission_id] = None
        self._wake.set()

    async def run(self) -> None:
        """Project changes until cancelled."""
        while True:
            await self._wake.wait()
            self._wake = anyio.Event()
            await self.flush()
            await anyio.sleep(_INTERVAL_S)

    async def flush(self) -> None:
        """Project everything that has changed and is not written yet."""
        while self._changed:
            mission_id = next(iter(self._changed))
            del self._changed[mission_id]
            try:
                await self._write(self._mission_of(mission_id))
            except JournalError as error:
                _log.warning("the readable files of mission %s are not up to date: %s", mission_id, error)

    async def _write(self, mission: Mission) -> None:
        await anyio.to_thread.run_sync(self._rooms.projection.write_todo, mission)
        if mission.status.is_terminal:
            events = await self._events(mission.id)
            await anyio.to_thread.run_sync(self._rooms.projection.write_summary, mission, events)

    async def _events(self, mission_id: str) -> list[Recorded]:
        events: list[Recorded] = []
        for _ in range(_MAX_PAGES):
            after_seq = events[-1].seq if events else 0
            page = await self._rooms.journal.read(after_seq=after_seq, mission_id=mission_id, limit=_PAGE)
            events.extend(page)
            if len(page) < _PAGE:
                break
        return events
