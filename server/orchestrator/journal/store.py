"""The server's end of the journal: sole owner, group commit, reads beside the writes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import anyio
import apsw
from anyio import to_thread

from orchestrator.domain.events import Event
from orchestrator.journal.anchor import anchored
from orchestrator.journal.codec import encode
from orchestrator.journal.faults import FAULTS, translate
from orchestrator.journal.head import Head
from orchestrator.journal.lock import JournalLock
from orchestrator.journal.schema import connect, connect_read_only, migrate, recorded, select_missions, select_rows
from orchestrator.journal.writer import Call, Entry, Writer
from orchestrator.ports.clock import Clock
from orchestrator.ports.journal import Journal, JournalError, Recorded

MAX_WAITING_CALLS = 1_024
"""Calls of `append` between which and the disk nothing stands; further ones wait for room."""
APPEND_DEADLINE_S = 30.0
CLOSE_DEADLINE_S = 10.0

_Answer = TypeVar("_Answer")


class SqliteJournal(Journal):
    """The journal of one workspace; made by `open_journal`."""

    def __init__(
        self, path: Path, clock: Clock, writer: Writer, reading: apsw.Connection, notes: tuple[str, ...]
    ) -> None:
        """`notes` say what had to be mended when the journal was opened."""
        self.path = path
        self.notes = notes
        self._clock = clock
        self._writer = writer
        self._reading = reading
        self._is_closed = False
        self._room = anyio.Semaphore(MAX_WAITING_CALLS, fast_acquire=True)
        self._read_turn = anyio.CapacityLimiter(1)

    async def append(self, mission_id: str, events: Sequence[Event]) -> list[Recorded]:
        """Write the events in one transaction, in the order of the calls; what it answers is synced.

        A scope that is cancelled before the events are handed to the writer leaves nothing; one that is cancelled later
        waits for the answer, so the caller's state and the journal stay together. Raises JournalError; then nothing is
        written, except after `journal_timeout`, where that is unknown and every later call is refused.
        """
        self._check_open()
        if not events:
            return []
        if not mission_id or not mission_id.isprintable():
            # It would fail in the writer, together with the calls of others.
            raise JournalError("event_unencodable", f"{mission_id!r} is no mission id")
        at_ms = round(self._clock.now_s() * 1000)
        entries = tuple(Entry(mission_id, at_ms, *encode(event)) for event in events)
        await self._room.acquire()
        try:
            first = await self._written(entries)
        finally:
            self._room.release()
        return [Recorded(first + n, mission_id, at_ms / 1000, event) for n, event in enumerate(events)]

    async def read(self, *, after_seq: int = 0, mission_id: str = "", limit: int = 1_000) -> list[Recorded]:
        """Events with a greater sequence number, oldest first, of one mission or ("") of all. Raises JournalError."""

        def rows() -> list[Recorded]:
            found = select_rows(self._reading, after_seq=after_seq, mission_id=mission_id, limit=max(limit, 0))
            return [recorded(row) for row in found]

        return await self._in_turn(rows)

    async def mission_ids(self) -> list[str]:
        """Every mission of the journal, oldest first. Raises JournalError."""
        return await self._in_turn(lambda: select_missions(self._reading))

    async def _written(self, entries: tuple[Entry, ...]) -> int:
        self._check_open()
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._writer.put(Call(entries, answer))
        try:
            with anyio.fail_after(APPEND_DEADLINE_S, shield=True):
                return await answer
        except TimeoutError as error:
            fault = JournalError(
                "journal_timeout",
                f"the disk did not take an event within {APPEND_DEADLINE_S:.0f} s",
                "check the disk, then restart the server",
            )
            self._writer.condemn(fault)
            raise fault from error

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
        return await to_thread.run_sync(self._writer.stop, CLOSE_DEADLINE_S)


@asynccontextmanager
async def open_journal(path: Path, *, clock: Clock) -> AsyncGenerator[SqliteJournal]:
    """Own the journal at `path` (made when missing) until the block ends; then what was handed over is on disk.

    Raises JournalError: `journal_locked`, `journal_unwritable`, `journal_corrupt`, `journal_too_new`, `disk_full`.
    """
    lock = JournalLock(path.with_suffix(".lock"))
    try:
        connection, last, notes = await to_thread.run_sync(_prepare, path, lock)
    except BaseException:
        lock.release()
        raise
    has_ended = False
    try:
        try:
            reading = await to_thread.run_sync(_open_reading, path)
            writer = Writer(connection, path, last, asyncio.get_running_loop())
        except BaseException:
            has_ended = True
            raise
        journal = SqliteJournal(path, clock, writer, reading, notes)
        writer.start()
        try:
            yield journal
        finally:
            with anyio.CancelScope(shield=True):
                has_ended = await journal.close()
    finally:
        if has_ended:
            connection.close()
            lock.release()
    if not has_ended:
        raise JournalError("journal_timeout", f"the journal's writer did not end within {CLOSE_DEADLINE_S:.0f} s")


def _prepare(path: Path, lock: JournalLock) -> tuple[apsw.Connection, Head, tuple[str, ...]]:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.acquire()
        connection = connect(path)
        try:
            migrate(connection)
            last, notes = anchored(connection, path)
        except BaseException:
            connection.close()
            raise
    except FAULTS as error:
        raise translate(error, path, "open") from error
    return connection, last, notes


def _open_reading(path: Path) -> apsw.Connection:
    try:
        return connect_read_only(path)
    except FAULTS as error:
        raise translate(error, path, "open") from error
