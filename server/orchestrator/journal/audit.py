"""Proving that a journal is what was written: `orchestrator audit`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.domain.evolve import evolve
from orchestrator.domain.mission import Mission
from orchestrator.journal.codec import link
from orchestrator.journal.faults import translate
from orchestrator.journal.head import Head, head_path, load_head
from orchestrator.journal.reader import JournalReader
from orchestrator.journal.schema import Row, recorded
from orchestrator.ports.journal import JournalError

LIMITS = (
    "The chain and its head are not signed. An edit, a gap, a move and a cut tail show; whoever rewrites the database "
    "and its head together, with every hash made anew, goes unnoticed. So does a cut of the events after the head, "
    "which at most the last commit before a crash can hold."
)
"""What no audit can see."""


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What an audit found.

    `problem` is "" when `is_intact`. `first_bad_seq` is the first event that is wrong or missing (None when the problem
    is not about one). `code` is "" or one of `event_changed`, `event_missing`, `tail_cut`, `head_differs`,
    `head_missing`, `head_unreadable`, `event_unreadable`, `event_unfoldable`, `database_damaged`. `event_count` counts
    the events up to the first problem; `unanchored_count` of them lie after the head and rest on the chain alone.
    """

    event_count: int
    mission_count: int
    is_intact: bool
    code: str
    problem: str
    first_bad_seq: int | None
    head_seq: int
    last_seq: int
    unanchored_count: int
    limits: str = LIMITS


class _Problem(Exception):
    """Where the check stopped."""

    def __init__(self, code: str, message: str, seq: int | None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.seq = seq


@dataclass(slots=True)
class _Trail:
    """The chain so far."""

    head: Head | None
    last: Head = field(default_factory=Head)
    count: int = 0
    missions: dict[str, Mission] = field(default_factory=dict[str, Mission])

    def follow(self, row: Row) -> None:
        """Check one row and apply its event."""
        seq, stored = row[0], row[5]
        due = self.last.seq + 1
        if seq != due:
            raise _Problem("event_missing", f"event {due} is missing: after event {due - 1} comes {seq}", due)
        if link(self.last.hash, row[:5]) != stored:
            text = f"event {seq} was edited or moved: its hash does not follow from event {due - 1}"
            raise _Problem("event_changed", text, seq)
        if self.head is not None and seq == self.head.seq and stored != self.head.hash:
            text = f"event {seq} is not the one that the head names: the events up to it were rewritten"
            raise _Problem("head_differs", text, seq)
        self._apply(row)
        self.last = Head(seq, stored)
        self.count += 1

    def finish(self) -> None:
        """Compare the end of the chain with the head."""
        if self.head is None:
            raise _Problem("head_missing", "the head file is missing: whether the tail was cut can't be told", None)
        if self.last.seq < self.head.seq:
            cut = self.last.seq + 1
            text = f"the tail is cut off: the head names event {self.head.seq}, the last one is {self.last.seq}"
            raise _Problem("tail_cut", text, cut)
        if not self.head.seq and self.head != Head():
            raise _Problem("head_differs", "the head of the empty journal is not the one that it begins with", None)

    def _apply(self, row: Row) -> None:
        try:
            event = recorded(row).event
        except JournalError as error:
            raise _Problem("event_unreadable", error.message, row[0]) from error
        try:
            evolve(self.missions.setdefault(row[1], Mission()), event)
        except (LookupError, ValueError, TypeError, AttributeError) as error:
            text = f"event {row[0]} ({row[3]}) does not fit its mission: {type(error).__name__}: {error}"
            raise _Problem("event_unfoldable", text, row[0]) from error


def audit(path: Path) -> AuditReport:
    """Check the journal at `path`: chain, gaps, tail, and that every mission folds.

    Works beside a running server. Raises JournalError only when there is nothing to audit (`journal_missing`,
    `journal_too_new`, `journal_unwritable`); damage is an answer.
    """
    problem: _Problem | None = None
    try:
        # Before the database, because a running server moves both and the database may lead.
        head = load_head(head_path(path))
    except JournalError as error:
        head, problem = None, _Problem("head_unreadable", error.message, None)
    except OSError as error:
        raise translate(error, path, "read") from error
    trail = _Trail(head)
    try:
        _walk(path, trail)
    except _Problem as found:
        # A damaged chain says more than a damaged head.
        problem = found if problem is None or found.code != "head_missing" else problem
    return AuditReport(
        event_count=trail.count,
        mission_count=len(trail.missions),
        is_intact=problem is None,
        code=problem.code if problem else "",
        problem=problem.message if problem else "",
        first_bad_seq=problem.seq if problem else None,
        head_seq=head.seq if head else 0,
        last_seq=trail.last.seq,
        unanchored_count=max(0, trail.last.seq - (head.seq if head else 0)),
    )


def _walk(path: Path, trail: _Trail) -> None:
    try:
        with JournalReader(path) as reader:
            for row in reader.rows():
                trail.follow(row)
    except JournalError as error:
        if error.code != "journal_corrupt":
            raise
        seq = trail.last.seq + 1
        raise _Problem("database_damaged", f"from event {seq} on: {error.message}", seq) from error
    trail.finish()
