"""The server's end of the journal: sole owner, group commit, reads beside the writes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import anyio
import apsw
from anyio import to_thread

from orchestrator.domain.events import Event
from orchestrator.domain.mission import Mission
from orchestrator.journal.anchor import anchored
from orchestrator.journal.codec import encode
from orchestrator.journal.faults import FAULTS, translate
from orchestrator.journal.files import make_folder
from orchestrator.journal.head import Head, HeadFile, head_path
from orchestrator.journal.history import History
from orchestrator.journal.keeper import DEFAULT_KEEPING, Keeper, Keeping
from orchestrator.journal.line import Line
from orchestrator.journal.lock import JournalLock
from orchestrator.journal.restoring import refolded, restore, summarized
from orchestrator.journal.schema import connect, connect_read_only, migrate, recorded, select_missions
from orchestrator.journal.writer import Writer
from orchestrator.ports.clock import Clock
from orchestrator.ports.journal import Journal, JournalError, MissionSummary, Recorded, Restored

MAX_WAITING_CALLS = 1_024
"""Calls of `append` between which and the disk nothing stands; further ones wait for room."""
APPEND_DEADLINE_S = 30.0
CLOSE_DEADLINE_S = 10.0

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class _Files:
    """What an opened journal holds; `notes` say what had to be mended."""

    path: Path
    writing: apsw.Connection
    reading: apsw.Connection
    head: HeadFile
    last: Head
    notes: tuple[str, ...]


class SqliteJournal(Journal):
    """The journal of one workspace; made by `open_journal`."""

    def __init__(self, files: _Files, clock: Clock, writer: Writer, line: Line, keeper: Keeper) -> None:
        """`notes` of the journal say what had to be mended when it was opened."""
        self.path = files.path
        self.notes = files.notes
        self._clock = clock
        self._writer = writer
        self._line = line
        self._keeper = keeper
        self._reading = files.reading
        self._history = History(files.reading, files.path)
        self._is_closed = False
        self._room = anyio.Semaphore(MAX_WAITING_CALLS, fast_acquire=True)
        self._read_turn = anyio.CapacityLimiter(1)

    async def append(self, mission_id: str, events: Sequence[Event]) -> list[Recorded]:
        """Write the events in one transaction, in the order of the calls; what it answers is synced.

        A cancelled scope waits for the answer, so the caller's state and the journal stay together. Raises
        JournalError; then nothing is written, except after `journal_timeout` and `journal_unwritable`, where that is
        unknown and every later call is refused.
        """
        self._check_open()
        if not events:
            return []
        if not mission_id or not mission_id.isprintable():
            # It would fail in the writer, together with the calls of others.
            raise JournalError("event_unencodable", f"{mission_id!r} is no mission id")
        at_ms = round(self._clock.now_s() * 1000)
        entries = [(mission_id, at_ms, *encode(event)) for event in events]
        try:
            self._room.acquire_nowait()
        except anyio.WouldBlock:
            await self._room.acquire()
        try:
            first = await self._line.written(self._writer, entries)
        finally:
            self._room.release()
        at_s = at_ms / 1000
        if len(entries) == 1:
            return [Recorded(first, mission_id, at_s, events[0])]
        return [Recorded(first + n, mission_id, at_s, event) for n, event in enumerate(events)]

    async def read(self, *, after_seq: int = 0, mission_id: str = "", limit: int = 1_000) -> list[Recorded]:
        """Events with a greater sequence number, oldest first, of one mission or ("") of all. Raises JournalError."""

        def rows() -> list[Recorded]:
            found = self._history.rows(after_seq=after_seq, mission_id=mission_id, limit=max(limit, 0))
            return [recorded(row) for row in found]

        return await self._in_turn(rows)

    async def mission_ids(self) -> list[str]:
        """Every mission of the journal, oldest first. Raises JournalError."""
        return await self._in_turn(lambda: select_missions(self._reading))

    async def load(self, *, max_finished_tasks: int = 1_000) -> Restored:
        """The missions as their events say; of ended ones at most so many tasks, the newest. Raises JournalError."""
        return await self._in_turn(lambda: restore(self._history, max_finished_tasks))

    async def mission(self, mission_id: str) -> Mission:
        """One mission, also an archived one; with the id "" when there is none. Raises JournalError."""
        return await self._in_turn(lambda: refolded(self._history, mission_id))

    async def summaries(self, *, limit: int = 1_000) -> list[MissionSummary]:
        """The newest missions, oldest of them first. Raises JournalError."""
        return await self._in_turn(lambda: summarized(self._history, limit))

    async def _in_turn(self, work: Callable[[], _Answer]) -> _Answer:
        self._check_open()

        def guarded() -> _Answer:
            try:
                return work()
            except FAULTS as error:
                raise translate(error, self.path, "read") from error

        return await to_thread.run_sync(guarded, limiter=self._read_turn)

    def _check_open(self) -> None:
        if self._is_closed:
            raise JournalError("journal_closed", "the journal is closed", "the server is shutting down")

    async def close(self) -> bool:
        """Refuse new calls, write what waits; False when the disk did not answer in time. `open_journal` calls it."""
        self._is_closed = True
        async with self._read_turn:
            self._reading.close()
        return await to_thread.run_sync(self._stop)

    def _stop(self) -> bool:
        # The keeper first: it may wait for the writer.
        return self._keeper.stop(CLOSE_DEADLINE_S) and self._writer.stop(CLOSE_DEADLINE_S)


@asynccontextmanager
async def open_journal(
    path: Path, *, clock: Clock, keeping: Keeping = DEFAULT_KEEPING
) -> AsyncGenerator[SqliteJournal]:
    """Own the journal at `path` (made when missing) until the block ends; then what was handed over is on disk.

    Raises JournalError: `journal_locked`, `journal_unwritable`, `journal_corrupt`, `journal_too_new`, `disk_full`.
    """
    lock = JournalLock(path.with_suffix(".lock"))
    try:
        files = await to_thread.run_sync(_prepare, path, lock)
    except BaseException:
        lock.release()
        raise
    line = Line(asyncio.get_running_loop(), APPEND_DEADLINE_S)
    writer = Writer(files.writing, path, files.head, files.last, line.settle)
    keeper = Keeper(path, clock, keeping, writer.do)
    journal = SqliteJournal(files, clock, writer, line, keeper)
    writer.start()
    keeper.start()
    has_ended = False
    try:
        yield journal
    finally:
        with anyio.CancelScope(shield=True):
            has_ended = await journal.close()
        if has_ended:
            try:
                files.writing.close()
            finally:
                lock.release()
    if not has_ended:
        raise JournalError("journal_timeout", f"the journal's writer did not end within {CLOSE_DEADLINE_S:.0f} s")


def _prepare(path: Path, lock: JournalLock) -> _Files:
    try:
        make_folder(path.parent)
        lock.acquire()
        return _opened(path)
    except FAULTS as error:
        raise translate(error, path, "open") from error


def _opened(path: Path) -> _Files:
    with ExitStack() as undo:
        writing = connect(path)
        undo.callback(writing.close)
        migrate(writing)
        last, notes = anchored(writing, path)
        head = HeadFile(head_path(path))
        head.begin(last)
        undo.callback(head.close)
        reading = connect_read_only(path)
        undo.pop_all()
    return _Files(path, writing, reading, head, last, notes)
