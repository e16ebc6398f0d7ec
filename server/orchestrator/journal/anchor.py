"""Tying a database to its head when the journal is opened."""

from __future__ import annotations

from pathlib import Path

import apsw

from orchestrator.journal.faults import corrupt
from orchestrator.journal.head import Head, head_path, load_head
from orchestrator.journal.schema import select_rows
from orchestrator.journal.segments import (
    Segment,
    dropped_digest,
    follow,
    is_drop_known,
    load_segment,
    select_segments,
)
from orchestrator.journal.sqlite import run
from orchestrator.ports.journal import JournalError


def anchored(connection: apsw.Connection, path: Path) -> tuple[Head, tuple[str, ...]]:
    """The head that the next event follows, and what had to be mended.

    A database behind its head was cut or exchanged: JournalError `journal_corrupt`, so that the evidence stays. A
    lost head is made anew and said, because it proves nothing: whoever removes it could as well have rewritten it.
    Raises apsw.Error and OSError too.
    """
    try:
        head = load_head(head_path(path))
        problem = "" if head else "is missing"
    except JournalError as error:
        head, problem = None, error.message
    segments = select_segments(connection)
    if head is None:
        last = _whole_chain(connection, path, segments, Head())
        notes = (f"the head of the journal {problem}; made anew at event {last.seq}",) if last.seq else ()
        return Head(last.seq, last.hash, dropped_digest(segments)), notes
    if not is_drop_known(path, segments, head):
        raise corrupt(path, "what was dropped from its archive is not what its head names")
    named = Head(head.seq, head.hash)
    archived = segments[-1].end if segments else Head()
    if head.seq < archived.seq:
        last = _whole_chain(connection, path, segments, named)
    else:
        if named != archived:
            _check_row(connection, path, named)
        last = named
        for row in select_rows(connection, after_seq=last.seq):
            last = follow(path, last, row)
    return Head(last.seq, last.hash, dropped_digest(segments)), ()


def _check_row(connection: apsw.Connection, path: Path, head: Head) -> None:
    row = next(iter(run(connection, "SELECT hash FROM events WHERE seq = ?", (head.seq,))), None)
    if row is None:
        raise corrupt(path, f"its head names event {head.seq}, which the database lacks: the tail was cut off")
    if row[0] != head.hash:
        raise _foreign(path, head)


def _whole_chain(connection: apsw.Connection, path: Path, segments: list[Segment], head: Head) -> Head:
    """The end of the chain, followed from its beginning; it must come by the head, unless that was dropped."""
    last = Head()
    for segment in segments:
        if segment.before != last:
            raise corrupt(path, f"its archive goes on with event {segment.first_seq} after event {last.seq}")
        for row in [] if segment.is_dropped else load_segment(path, segment):
            if row[0] == head.seq and row[5] != head.hash:
                raise _foreign(path, head)
        last = segment.end
    for row in select_rows(connection, after_seq=last.seq):
        last = follow(path, last, row)
    return last


def _foreign(path: Path, head: Head) -> JournalError:
    return corrupt(path, f"event {head.seq} is not the one that its head names")
