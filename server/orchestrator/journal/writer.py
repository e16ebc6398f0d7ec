"""The writer thread: it alone changes the database, and commits for all who wait at once."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import cache
from pathlib import Path

import apsw

from orchestrator.journal.codec import link
from orchestrator.journal.faults import FAULTS, translate
from orchestrator.journal.head import Head, HeadFile
from orchestrator.journal.sqlite import Value, run, transaction
from orchestrator.ports.journal import JournalError

MAX_BATCH_EVENTS = 4_096
"""A commit takes no further call once it holds this many events."""
HEAD_SYNC_S = 1.0
"""The head is synced at most so long after the commit that it names."""
GATHER_S = 0.001
"""How long a commit waits for as many calls as the last one had: a fraction of a sync, and often saves one."""
_MAX_STATEMENT_ROWS = 64

Entry = tuple[str, int, str, bytes]
"""An event that waits to be written: mission_id, at_ms, type, body."""
Work = Callable[[apsw.Connection], str | None]
"""A change of what is kept about the events; answers the new digest of what is dropped, None when that stays."""
Outcome = int | JournalError
"""The number of a call's first event, or why nothing of it was written."""


class Call:
    """Events that are written together, and who waits for them.

    `answer` and `outcome` belong to the loop's side (`line`); the writer reads `entries` alone. The outcome is kept
    apart from the future, which a cancelled task takes with it. `since_s` is loop time.
    """

    __slots__ = ("answer", "entries", "outcome", "since_s")

    def __init__(self, entries: Sequence[Entry], answer: asyncio.Future[Outcome], since_s: float) -> None:
        """At least one entry."""
        self.entries = entries
        self.answer = answer
        self.outcome: Outcome | None = None
        self.since_s = since_s


class _Job:
    __slots__ = ("done", "work")

    def __init__(self, work: Work) -> None:
        self.work = work
        self.done: Future[None] = Future()


_Item = Call | _Job | None


class Writer:
    """Owns the writing connection and the head, from `start` to `stop`."""

    def __init__(
        self,
        connection: apsw.Connection,
        path: Path,
        head: HeadFile,
        last: Head,
        settle: Callable[[Sequence[Call], Sequence[Outcome]], None],
    ) -> None:
        """`last` is the head of what the database holds.

        `settle` is called in the writer's thread after each commit with its calls, in their order, and their outcomes.
        """
        self._connection = connection
        self._path = path
        self._head = head
        self._last = last
        self._settle = settle
        self._calls: queue.SimpleQueue[_Item] = queue.SimpleQueue()
        self._held: list[_Item] = []
        self._last_calls = 0
        self._broken: JournalError | None = None
        self._is_head_behind = False
        self._unsynced_since_s = 0.0
        # A daemon, so that a disk that never answers can't keep the process from ending.
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def put(self, call: Call) -> None:
        """Hand a call over; calls are written in the order of `put`. The caller bounds how many wait."""
        self._calls.put(call)

    def do(self, work: Work) -> Future[None]:
        """Have `work` done in one transaction, between two commits. The future raises JournalError."""
        job = _Job(work)
        self._calls.put(job)
        return job.done

    def condemn(self, error: JournalError) -> None:
        """Refuse everything from now on, because the outcome of something earlier is unknown."""
        self._broken = self._broken or error

    def stop(self, timeout_s: float) -> bool:
        """Write what waits, sync the head and end; False when the thread is still busy after the deadline."""
        self._calls.put(None)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (item := self._next()) is not None:
            if isinstance(item, Call):
                batch = self._batch(item)
                self._settle(batch, self._outcomes(batch))
            else:
                self._work(item)
        # A head that can't be synced now is an older one, which the next opening brings forward along the chain.
        with suppress(OSError):
            self._head.sync()
        self._head.close()

    def _next(self) -> _Item:
        if self._held:
            return self._held.pop()
        if not self._unsynced_since_s:
            return self._calls.get()
        try:
            return self._calls.get(timeout=max(0.0, self._unsynced_since_s + HEAD_SYNC_S - time.monotonic()))
        except queue.Empty:
            self._sync_head()
            return self._calls.get()

    def _batch(self, first: Call) -> list[Call]:
        """What waits, and what comes in a moment.

        Callers who were answered together come back together. The first of them must not have a sync to itself while
        the others wait for the next one.
        """
        batch = [first]
        size = len(first.entries)
        until_s = time.monotonic() + GATHER_S if self._last_calls > 1 else 0.0
        while size < MAX_BATCH_EVENTS:
            try:
                item = self._calls.get_nowait()
            except queue.Empty:
                left_s = until_s - time.monotonic() if len(batch) < self._last_calls else 0.0
                if left_s <= 0.0:
                    break
                try:
                    item = self._calls.get(timeout=left_s)
                except queue.Empty:
                    break
            if not isinstance(item, Call):
                self._held.append(item)
                break
            batch.append(item)
            size += len(item.entries)
        self._last_calls = len(batch)
        return batch

    def _outcomes(self, batch: Sequence[Call]) -> Sequence[Outcome]:
        try:
            if self._broken is not None:
                raise self._broken  # noqa: TRY301 - one place gives every answer
            return self._write(batch)
        except Exception as error:  # noqa: BLE001 - whatever it was, every caller must hear of it
            return [self._fault(error)] * len(batch)

    def _write(self, batch: Sequence[Call]) -> list[Outcome]:
        if self._is_head_behind:
            # Committed events of the last batch have no head yet; nothing new before that is mended.
            self._advance()
        values: list[Value] = []
        firsts: list[Outcome] = []
        seq, chain = self._last.seq, self._last.hash
        for call in batch:
            firsts.append(seq + 1)
            for mission_id, at_ms, name, body in call.entries:
                seq += 1
                chain = link(chain, (seq, mission_id, at_ms, name), body)
                values += (seq, mission_id, at_ms, name, body, chain)
        try:
            self._commit(values)
        except apsw.Error:
            # What SQLite does behind a commit may fail as well; that must not be told as a refusal.
            if not self._holds(seq, chain):
                raise
        self._last = Head(seq, chain, self._last.dropped)
        try:
            self._advance()
        except OSError:
            # The events are on disk, so their callers must hear that; the next call meets the failing head.
            self._is_head_behind = True
        return firsts

    def _advance(self) -> None:
        self._head.write(self._last)
        self._is_head_behind = False
        now_s = time.monotonic()
        if not self._unsynced_since_s:
            self._unsynced_since_s = now_s
        elif now_s >= self._unsynced_since_s + HEAD_SYNC_S:
            self._sync_head()

    def _holds(self, seq: int, chain: bytes) -> bool:
        try:
            rows = list(run(self._connection, "SELECT hash FROM events WHERE seq = ?", (seq,)))
        except apsw.Error:
            return False
        return rows == [(chain,)] and not self._connection.in_transaction

    def _commit(self, values: list[Value]) -> None:
        step = 6 * _MAX_STATEMENT_ROWS
        if len(values) <= step:
            # One statement is its own transaction and lets go of the interpreter once.
            run(self._connection, _insert(len(values) // 6), values)
            return
        with transaction(self._connection):
            for start in range(0, len(values), step):
                part = values[start : start + step]
                run(self._connection, _insert(len(part) // 6), part)

    def _work(self, job: _Job) -> None:
        try:
            if self._broken is not None:
                raise self._broken  # noqa: TRY301 - one place gives every answer
            # What a job takes away, the head on the disk must be past.
            self._store_head()
            with transaction(self._connection):
                dropped = job.work(self._connection)
            if dropped is not None:
                self._last = Head(self._last.seq, self._last.hash, dropped)
                self._is_head_behind = True
                self._store_head()
        except Exception as error:  # noqa: BLE001 - whatever it was, whoever waits must hear of it
            job.done.set_exception(self._fault(error))
        else:
            job.done.set_result(None)

    def _store_head(self) -> None:
        if self._is_head_behind:
            self._advance()
        self._head.sync()
        self._unsynced_since_s = 0.0

    def _sync_head(self) -> None:
        # A failure leaves an older head on the disk, which is a true one; the next write tells whether the file lives.
        with suppress(OSError):
            self._head.sync()
        self._unsynced_since_s = 0.0

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


@cache
def _insert(row_count: int) -> str:
    places = ",".join(["(?, ?, ?, ?, ?, ?)"] * row_count)
    return f"INSERT INTO events(seq, mission_id, at_ms, type, body, hash) VALUES {places}"  # noqa: S608 - question marks
