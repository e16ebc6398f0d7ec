"""The writer thread: it alone changes the database, and commits for all who wait at once."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import apsw

from orchestrator.journal.codec import link
from orchestrator.journal.faults import FAULTS, translate
from orchestrator.journal.head import Head, head_path, store_head
from orchestrator.journal.schema import Row
from orchestrator.journal.sqlite import run, run_many
from orchestrator.ports.journal import JournalError

MAX_BATCH_EVENTS = 4_096
"""A commit takes no further call once it holds this many events."""

_INSERT = "INSERT INTO events(seq, mission_id, at_ms, type, body, hash) VALUES (?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Entry:
    """One event that waits to be written."""

    mission_id: str
    at_ms: int
    name: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """Events that are written together; `answer` gets the first one's number, or a JournalError."""

    entries: tuple[Entry, ...]
    answer: asyncio.Future[int]


class Writer:
    """Owns the writing connection and the head, from `start` to `stop`."""

    def __init__(self, connection: apsw.Connection, path: Path, last: Head, loop: asyncio.AbstractEventLoop) -> None:
        """`last` is the head of what the database holds; answers are given in `loop`."""
        self._connection = connection
        self._path = path
        self._last = last
        self._loop = loop
        self._calls: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
        self._broken: JournalError | None = None
        self._is_head_behind = False
        # A daemon, so that a disk that never answers can't keep the process from ending.
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def put(self, call: Call) -> None:
        """Hand a call over; calls are written in the order of `put`. The caller bounds how many wait."""
        self._calls.put(call)

    def condemn(self, error: JournalError) -> None:
        """Refuse everything from now on, because the outcome of something earlier is unknown."""
        self._broken = self._broken or error

    def stop(self, timeout_s: float) -> bool:
        """Write what waits, sync the head and end; False when the thread is still busy after the deadline."""
        self._calls.put(None)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        is_open = True
        while is_open:
            batch, is_open = self._next_batch()
            if batch:
                self._serve(batch)
        # A head that can't be synced now is an older one, which the next opening brings forward along the chain.
        with suppress(OSError):
            store_head(head_path(self._path), self._last, is_synced=True)

    def _next_batch(self) -> tuple[list[Call], bool]:
        batch: list[Call] = []
        size = 0
        call = self._calls.get()
        while call is not None:
            batch.append(call)
            size += len(call.entries)
            if size >= MAX_BATCH_EVENTS:
                return batch, True
            try:
                call = self._calls.get_nowait()
            except queue.Empty:
                return batch, True
        return batch, False

    def _serve(self, batch: Sequence[Call]) -> None:
        try:
            if self._broken is not None:
                raise self._broken  # noqa: TRY301 - one place gives every answer
            firsts = self._write(batch)
        except Exception as error:  # noqa: BLE001 - whatever it was, every caller must hear of it
            self._answer([(call.answer, self._fault(error)) for call in batch])
        else:
            self._answer([(call.answer, first) for call, first in zip(batch, firsts, strict=True)])

    def _write(self, batch: Sequence[Call]) -> list[int]:
        if self._is_head_behind:
            # Committed events of the last batch have no head yet; nothing new before that is mended.
            self._advance(self._last)
        rows: list[Row] = []
        firsts: list[int] = []
        seq, chain = self._last.seq, self._last.hash
        for call in batch:
            firsts.append(seq + 1)
            for entry in call.entries:
                seq += 1
                facts = (seq, entry.mission_id, entry.at_ms, entry.name, entry.body)
                chain = link(chain, facts)
                rows.append((*facts, chain))
        self._commit(rows)
        self._last = Head(seq, chain)
        try:
            self._advance(self._last)
        except OSError:
            # The events are on disk, so their callers must hear that; the next call meets the failing head.
            self._is_head_behind = True
        return firsts

    def _advance(self, head: Head) -> None:
        store_head(head_path(self._path), head)
        self._is_head_behind = False

    def _commit(self, rows: list[Row]) -> None:
        connection = self._connection
        try:
            run(connection, "BEGIN IMMEDIATE")
            run_many(connection, _INSERT, rows)
            run(connection, "COMMIT")
        except BaseException:
            if connection.in_transaction:
                run(connection, "ROLLBACK")
            raise

    def _fault(self, error: Exception) -> JournalError:
        """What the callers are told. A fault that leaves doubt about the file ends the service."""
        if isinstance(error, FAULTS):
            fault = translate(error, self._path, "write")
        elif isinstance(error, JournalError):
            return JournalError(error.code, error.message, error.hint)
        else:
            fault = JournalError("journal_unwritable", f"the journal's writer failed: {error!r}", "report this")
        is_passing = fault.code == "disk_full" or isinstance(error, apsw.BusyError | OSError)
        if not is_passing:
            self._broken = fault
        return fault

    def _answer(self, answers: list[tuple[asyncio.Future[int], int | JournalError]]) -> None:
        try:
            self._loop.call_soon_threadsafe(_settle, answers)
        except RuntimeError:
            # The loop has closed: nobody is left to hear it. What was committed stays committed.
            return


def _settle(answers: list[tuple[asyncio.Future[int], int | JournalError]]) -> None:
    for future, answer in answers:
        if future.done():  # the caller was cancelled meanwhile
            continue
        if isinstance(answer, JournalError):
            future.set_exception(answer)
        else:
            future.set_result(answer)
