"""What is done about the events in the background: snapshots, archive, retention."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import apsw

from orchestrator.journal.faults import FAULTS, translate
from orchestrator.journal.files import make_folder
from orchestrator.journal.history import History
from orchestrator.journal.kept import Kept
from orchestrator.journal.restoring import Tail, fold_tail
from orchestrator.journal.schema import connect_read_only, select_rows
from orchestrator.journal.segments import (
    Segment,
    archive_folder,
    archived_up_to,
    bounded,
    dropped_digest,
    follow,
    segment_path,
    select_segments,
    store_segment,
)
from orchestrator.journal.snapshots import count_states, frozen, snapshot_base, store_states
from orchestrator.journal.sqlite import run, transaction
from orchestrator.journal.writer import Work
from orchestrator.ports.clock import Clock
from orchestrator.ports.journal import JournalError

MAX_SUMMARIES = 10_000
"""Summaries of archived missions; the oldest ones go."""
MAX_FOLD_EVENTS = 20_000
"""Events between two stored states while many are folded."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long and how much is kept.

    A mission is archived `archive_after_s` after its last event, once it has ended. The archive takes `archive_bytes`;
    beyond that its oldest files go. `snapshot_events` is how many events may come before the states are stored anew,
    `interval_s` how often that is looked at.
    """

    archive_after_s: float = 30 * 24 * 3600.0
    archive_bytes: int = 512 * 1024 * 1024
    snapshot_events: int = 10_000
    interval_s: float = 2.0


DEFAULT_KEEPING = Keeping()


class Keeper:
    """A thread with a reading connection of its own; what it changes, the writer changes for it."""

    def __init__(self, path: Path, clock: Clock, keeping: Keeping, do: Callable[[Work], Future[None]]) -> None:
        """`do` has the writer do something in a transaction."""
        self._path = path
        self._clock = clock
        self._keeping = keeping
        self._do = do
        self._is_ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="journal-keeper", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """End; False when the thread is still busy after the deadline."""
        self._is_ended.set()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def keep(self, connection: apsw.Connection) -> None:
        """Do once what is due. Raises JournalError."""
        history = History(connection, self._path)
        try:
            self._snapshot(history)
            if not snapshot_base(connection).seq:
                return  # without states nobody knows which missions have ended
            self._archive(history)
            self._remove(history)
            self._drop(history)
        except FAULTS as error:
            raise translate(error, self._path, "tidy") from error

    def _run(self) -> None:
        said = ""
        while not self._is_ended.wait(self._keeping.interval_s):
            try:
                connection = connect_read_only(self._path)
                try:
                    self.keep(connection)
                finally:
                    connection.close()
            except (JournalError, *FAULTS) as error:
                # The events themselves are safe; what could not be done is tried again.
                if str(error) != said:
                    _log.warning("the journal %s could not be tidied: %s", self._path, error)
                said = str(error)

    def _snapshot(self, history: History) -> None:
        connection = history.connection
        newest = next(iter(run(connection, "SELECT COALESCE(MAX(seq), 0) FROM events")))[0]
        if newest - snapshot_base(connection).seq < self._keeping.snapshot_events:
            return
        while not self._is_ended.is_set():
            with transaction(connection, "DEFERRED"):
                tail = fold_tail(history, limit=MAX_FOLD_EVENTS)
            if tail.last == tail.base:
                return
            self._do(partial(_store, tail, frozen(tail.changed))).result()

    def _archive(self, history: History) -> None:
        connection = history.connection
        query = "SELECT COALESCE(MAX(last_seq), 0) FROM snapshots WHERE is_ended = 1 AND last_ms < ?"
        target = next(iter(run(connection, query, (self._deadline_ms(),))))[0]
        last = archived_up_to(connection)
        while last.seq < target and not self._is_ended.is_set():
            rows = bounded(select_rows(connection, after_seq=last.seq, up_to_seq=target))
            end = last
            for row in rows:
                end = follow(self._path, end, row)
            make_folder(archive_folder(self._path))
            self._do(partial(_add, store_segment(self._path, rows, last.hash))).result()
            last = end

    def _remove(self, history: History) -> None:
        connection = history.connection
        query = "SELECT mission_id FROM snapshots WHERE is_ended = 1 AND last_ms < ? AND last_seq <= ?"
        over = list(run(connection, query, (self._deadline_ms(), archived_up_to(connection).seq)))
        for (mission_id,) in over:
            if self._is_ended.is_set():
                return
            self._do(partial(_move, mission_id)).result()

    def _drop(self, history: History) -> None:
        connection = history.connection
        segments = select_segments(connection)
        kept = [item for item in segments if not item.is_dropped]
        excess_bytes = sum(item.size_bytes for item in kept) - self._keeping.archive_bytes
        for segment in kept:
            if excess_bytes > 0 and not self._is_ended.is_set() and not _is_needed(connection, segment):
                self._do(partial(_forget, segment)).result()
                excess_bytes -= segment.size_bytes
        if segments:
            self._sweep(select_segments(connection))

    def _sweep(self, segments: list[Segment]) -> None:
        """Remove files that no segment names: dropped ones, and what a crash left behind."""
        named = {segment_path(self._path, item) for item in segments if not item.is_dropped}
        if strays := sorted(set(archive_folder(self._path).iterdir()) - named):
            # A file goes only after the head on the disk says so; the writer syncs it before it does anything.
            self._do(_nothing).result()
        for path in strays:
            path.unlink()

    def _deadline_ms(self) -> int:
        return round((self._clock.now_s() - self._keeping.archive_after_s) * 1000)


def _store(tail: Tail, states: list[tuple[str, Kept, bytes]], connection: apsw.Connection) -> None:
    store_states(connection, tail.base, tail.last, states)


def _add(segment: Segment, connection: apsw.Connection) -> None:
    values = (segment.first_seq, segment.last_seq, segment.previous, segment.hash, segment.size_bytes, 0)
    run(connection, "INSERT INTO segments VALUES (?, ?, ?, ?, ?, ?)", values)


def _move(mission_id: str, connection: apsw.Connection) -> None:
    """Leave a mission to the archive, which has its events: the database keeps its summary alone."""
    values = (mission_id,)
    copy = """
        INSERT OR REPLACE INTO archived
        SELECT mission_id, first_seq, last_seq, summary FROM snapshots WHERE mission_id = ?
    """
    clear = """
        DELETE FROM events
        WHERE mission_id = ? AND seq <= (SELECT last_seq FROM archived WHERE mission_id = ?)
    """
    bound = """
        DELETE FROM archived WHERE mission_id IN (
            SELECT mission_id FROM archived ORDER BY last_seq DESC LIMIT -1 OFFSET ?
        )
    """
    run(connection, copy, values)
    run(connection, clear, values * 2)
    run(connection, "DELETE FROM snapshots WHERE mission_id = ?", values)
    count_states(connection)
    run(connection, bound, (MAX_SUMMARIES,))


def _forget(segment: Segment, connection: apsw.Connection) -> str:
    number = "UPDATE segments SET drop_number = (SELECT MAX(drop_number) + 1 FROM segments) WHERE first_seq = ?"
    run(connection, number, (segment.first_seq,))
    return dropped_digest(select_segments(connection))


def _nothing(_: apsw.Connection) -> None:
    """No change."""


def _is_needed(connection: apsw.Connection, segment: Segment) -> bool:
    """Whether a mission that is not archived has events there."""
    query = """
        SELECT EXISTS (SELECT 1 FROM events WHERE seq BETWEEN ? AND ?)
            OR EXISTS (
                SELECT 1 FROM archived JOIN events USING (mission_id)
                WHERE archived.first_seq <= ? AND archived.last_seq >= ?
            )
    """
    bounds = (segment.first_seq, segment.last_seq)
    return bool(next(iter(run(connection, query, (*bounds, *reversed(bounds)))))[0])
