"""Tying a database to its head when the journal is opened."""

from __future__ import annotations

from pathlib import Path

import apsw

from orchestrator.journal.codec import link
from orchestrator.journal.faults import corrupt
from orchestrator.journal.head import Head, head_path, load_head, store_head
from orchestrator.journal.schema import select_rows
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
    start = head or Head()
    if start.seq:
        _check_row(connection, path, start)
    last = start
    for row in select_rows(connection, after_seq=start.seq):
        seq, stored = row[0], row[5]
        if seq != last.seq + 1 or link(last.hash, row[:5]) != stored:
            raise corrupt(path, f"event {seq} does not follow from event {last.seq}")
        last = Head(seq, stored)
    if last != start or head is None:
        store_head(head_path(path), last, is_synced=True)
    if head is None and last.seq:
        return last, (f"the head of the journal {problem}; made anew at event {last.seq}",)
    return last, ()


def _check_row(connection: apsw.Connection, path: Path, head: Head) -> None:
    row = next(iter(run(connection, "SELECT hash FROM events WHERE seq = ?", (head.seq,))), None)
    if row is None:
        raise corrupt(path, f"its head names event {head.seq}, which the database lacks: the tail was cut off")
    if row[0] != head.hash:
        raise corrupt(path, f"event {head.seq} is not the one that its head names")
