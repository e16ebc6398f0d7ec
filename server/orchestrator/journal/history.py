"""Events wherever they lie: in the archive, then in the database."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import cast

import apsw

from orchestrator.journal.codec import link
from orchestrator.journal.faults import corrupt
from orchestrator.journal.head import Head
from orchestrator.journal.schema import Row, select_rows
from orchestrator.journal.segments import Segment, archived_up_to, load_segment, select_segments
from orchestrator.journal.sqlite import run
from orchestrator.ports.journal import JournalError


class History:
    """Reads through one connection, in the thread of the caller."""

    def __init__(self, connection: apsw.Connection, path: Path) -> None:
        """`path` is the database; the archive lies beside it."""
        self.connection = connection
        self.path = path
        # People page through old missions: the next page lies in the same file.
        self._load = lru_cache(maxsize=1)(load_segment)

    def rows(self, *, after_seq: int = 0, mission_id: str = "", limit: int = -1) -> Iterator[Row]:
        """Rows behind `after_seq`, oldest first, of one mission or ("") of all; a negative limit means all.

        Raises apsw.Error, OSError, and JournalError `journal_corrupt` or, where retention has dropped some of them,
        `events_archived`.
        """
        first_seq, archived_seq = self._archived_part(mission_id)
        found = self._archived(mission_id, max(after_seq, first_seq - 1), archived_seq)
        if limit >= 0:
            found = islice(found, limit)
        for row in found:
            yield row
            limit -= 1
        yield from checked(self.connection, self.path, max(after_seq, archived_seq), mission_id, limit)

    def _archived_part(self, mission_id: str) -> tuple[int, int]:
        """The first and last event that only the archive holds of a mission, or that it holds of all."""
        if not mission_id:
            return 1, archived_up_to(self.connection).seq
        query = "SELECT first_seq, last_seq FROM archived WHERE mission_id = ?"
        found = cast("list[tuple[int, int]]", list(run(self.connection, query, (mission_id,))))
        return found[0] if found else (1, 0)

    def _archived(self, mission_id: str, after_seq: int, up_to_seq: int) -> Iterator[Row]:
        if after_seq >= up_to_seq:
            return
        for segment in select_segments(self.connection, after_seq=after_seq):
            if segment.first_seq > up_to_seq:
                return
            if segment.is_dropped:
                raise _dropped(segment)
            for row in self._load(self.path, segment):
                if after_seq < row[0] <= up_to_seq and (not mission_id or row[1] == mission_id):
                    yield row


def checked(
    connection: apsw.Connection, path: Path, after_seq: int, mission_id: str = "", limit: int = -1
) -> Iterator[Row]:
    """Rows of the database as `select_rows` finds them, each tied to the one before it by its hash.

    Where the one before is in the archive alone, only `orchestrator audit` can tell. Raises apsw.Error and JournalError
    `journal_corrupt`.
    """
    last = Head()
    for row in select_rows(connection, after_seq=after_seq, mission_id=mission_id, limit=limit):
        if row[0] != last.seq + 1:
            last = _before(connection, row[0])
        if last.hash and row[5] != link(last.hash, row[:4], row[4]):
            raise corrupt(path, f"event {row[0]} does not follow from event {last.seq}")
        last = Head(row[0], row[5])
        yield row


def _before(connection: apsw.Connection, seq: int) -> Head:
    """The event before `seq`; its hash is empty where it is not known any more."""
    query = "SELECT hash FROM events WHERE seq = ? UNION ALL SELECT hash FROM segments WHERE last_seq = ? LIMIT 1"
    for (known,) in run(connection, query, (seq - 1, seq - 1)):
        return Head(seq - 1, known)
    return Head(seq - 1, b"")


def _dropped(segment: Segment) -> JournalError:
    return JournalError(
        "events_archived",
        f"the events {segment.first_seq} to {segment.last_seq} were dropped from the archive, which has a size cap",
        f"ask for events after number {segment.last_seq}",
    )
