"""Proving that a journal is what was written: `orchestrator audit`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.domain.mission import Mission
from orchestrator.journal.codec import link
from orchestrator.journal.faults import translate
from orchestrator.journal.head import Head, head_path, load_head
from orchestrator.journal.history import History
from orchestrator.journal.kept import Kept, thaw, thaw_summary
from orchestrator.journal.reader import JournalReader
from orchestrator.journal.schema import Row, recorded, select_rows
from orchestrator.journal.segments import Segment, is_drop_known, read_segment, segment_path, select_segments
from orchestrator.journal.snapshots import snapshot_base
from orchestrator.journal.sqlite import pragma, run
from orchestrator.ports.journal import JournalError

Prove = Callable[[Mission], Sequence[str]]
"""What is missing of the things that a mission's receipts speak of: trees, stored outputs. None when all is there."""
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
    `head_missing`, `head_unreadable`, `event_unreadable`, `event_unfoldable`, `database_damaged`, `archive_damaged`,
    `archive_missing`, `snapshot_differs`, `receipt_unproven`, `projection_differs`.

    `event_count` counts the events up to the first problem; `archived_count` of them lie in the archive and
    `unanchored_count` after the head, where they rest on the chain alone. `dropped_count` events are gone by retention:
    the chain goes on behind them from `anchor_seq`, the last one of them. `snapshot_count` stored states were compared
    with the events, and the receipts of `proven_count` missions with what they speak of (None: not checked).
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
    archived_count: int = 0
    dropped_count: int = 0
    anchor_seq: int = 0
    snapshot_count: int = 0
    proven_count: int | None = None
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
    """The chain so far. `partial` missions began before a hole that retention made, so they can't be folded."""

    head: Head | None
    last: Head = field(default_factory=Head)
    count: int = 0
    archived_count: int = 0
    dropped_count: int = 0
    anchor_seq: int = 0
    snapshot_count: int = 0
    missions: dict[str, Kept] = field(default_factory=dict[str, Kept])
    partial: set[str] = field(default_factory=set[str])

    def follow(self, row: Row) -> None:
        """Check one row and apply its event."""
        seq, stored = row[0], row[5]
        due = self.last.seq + 1
        if seq != due:
            raise _Problem("event_missing", f"event {due} is missing: after event {due - 1} comes {seq}", due)
        if link(self.last.hash, row[:4], row[4]) != stored:
            text = f"event {seq} was edited or moved: its hash does not follow from event {due - 1}"
            raise _Problem("event_changed", text, seq)
        if self.head is not None and seq == self.head.seq and stored != self.head.hash:
            text = f"event {seq} is not the one that the head names: the events up to it were rewritten"
            raise _Problem("head_differs", text, seq)
        self._apply(row)
        self.last = Head(seq, stored)
        self.count += 1

    def leap(self, segment: Segment) -> None:
        """Go over a dropped segment."""
        self.last = segment.end
        self.anchor_seq = segment.last_seq
        self.dropped_count += segment.last_seq - segment.first_seq + 1

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

    def folded(self) -> dict[str, Kept]:
        """The missions whose events are all there."""
        return {name: kept for name, kept in self.missions.items() if name not in self.partial}

    def _apply(self, row: Row) -> None:
        mission_id = row[1]
        if self.anchor_seq and mission_id not in self.missions and row[3] != "mission.accepted":
            self.partial.add(mission_id)
        kept = self.missions.setdefault(mission_id, Kept())
        try:
            if mission_id in self.partial:
                recorded(row)
            else:
                kept.follow(row)
        except JournalError as error:
            is_folding = isinstance(error.__cause__, LookupError | ValueError | TypeError | AttributeError)
            code = "event_unfoldable" if is_folding else "event_unreadable"
            raise _Problem(code, error.message, row[0]) from error


def audit(path: Path, prove: Prove | None = None) -> AuditReport:
    """Check the journal at `path`: chain, gaps, tail, archive; that every mission folds, and to its stored state.

    `prove` looks for what receipts speak of. Works beside a running server. Raises JournalError only when there is
    nothing to audit (`journal_missing`, `journal_too_new`, `journal_unwritable`); damage is an answer.
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
    proven_count: int | None = None
    try:
        _walk(path, trail)
        trail.finish()
        if prove is not None:
            proven_count = _prove(trail, prove)
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
        archived_count=trail.archived_count,
        dropped_count=trail.dropped_count,
        anchor_seq=trail.anchor_seq,
        snapshot_count=trail.snapshot_count,
        proven_count=proven_count,
    )


def _walk(path: Path, trail: _Trail) -> None:
    try:
        with JournalReader(path) as reader, reader.view() as history:
            base = snapshot_base(history.connection)
            _walk_archive(history, trail, base)
            for row in select_rows(history.connection, after_seq=trail.last.seq):
                trail.follow(row)
                if row[0] == base.seq:
                    _compare_states(history, trail)
            _compare_summaries(history, trail)
            _check_file(history)
    except JournalError as error:
        if error.code != "journal_corrupt":
            raise
        seq = trail.last.seq + 1
        raise _Problem("database_damaged", f"from event {seq} on: {error.message}", seq) from error


def _walk_archive(history: History, trail: _Trail, base: Head) -> None:
    segments = select_segments(history.connection)
    if trail.head is not None and not is_drop_known(history.path, segments, trail.head):
        raise _Problem("head_differs", "what was dropped from the archive is not what the head names", None)
    for segment in segments:
        if segment.before != trail.last:
            due = trail.last.seq + 1
            text = f"the archive goes on with event {segment.first_seq} where event {due} is due, or on another chain"
            raise _Problem("event_missing", text, due)
        copies = select_rows(history.connection, after_seq=segment.first_seq - 1, up_to_seq=segment.last_seq)
        by_seq = {row[0]: row for row in copies}
        if segment.is_dropped:
            trail.leap(segment)
        for row in [] if segment.is_dropped else _archived_rows(history.path, segment):
            trail.follow(row)
            trail.archived_count += 1
            if by_seq.pop(row[0], row) != row:
                raise _Problem("event_changed", f"event {row[0]} is another one in the archive", row[0])
        if by_seq:
            raise _Problem(
                "event_changed", f"event {min(by_seq)} is not in the archive, which should hold it", min(by_seq)
            )
        if trail.last != segment.end:
            text = f"the archive {segment_path(history.path, segment).name} ends early, with event {trail.last.seq}"
            raise _Problem("archive_damaged", text, trail.last.seq + 1)
        if trail.last.seq == base.seq:
            _compare_states(history, trail)


def _archived_rows(path: Path, segment: Segment) -> list[Row]:
    name = segment_path(path, segment).name
    try:
        return read_segment(path, segment)
    except FileNotFoundError as error:
        raise _Problem("archive_missing", f"the archive {name} is gone", segment.first_seq) from error
    except JournalError as error:
        raise _Problem("archive_damaged", error.message, segment.first_seq) from error


def _compare_states(history: History, trail: _Trail) -> None:
    """The stored states against the fold, at the event up to which they go."""
    folded = trail.folded()
    for mission_id, frozen in run(history.connection, "SELECT mission_id, state FROM snapshots"):
        try:
            is_equal = mission_id not in folded or thaw(mission_id, frozen) == folded[mission_id]
        except ValueError:
            is_equal = False
        if not is_equal:
            raise _Problem("snapshot_differs", f"the stored state of {mission_id} is not what its events say", None)
        trail.snapshot_count += 1


def _compare_summaries(history: History, trail: _Trail) -> None:
    folded = trail.folded()
    for mission_id, last_seq, summary in run(history.connection, "SELECT mission_id, last_seq, summary FROM archived"):
        kept = folded.get(mission_id)
        if kept and kept.last_seq == last_seq and thaw_summary(summary) != kept.summary(mission_id):
            raise _Problem("snapshot_differs", f"the summary of {mission_id} is not what its events say", None)


def _check_file(history: History) -> None:
    """What the walk along the events does not touch: the index and the other tables."""
    said = pragma(history.connection, "integrity_check", 1)
    if said != "ok":
        raise _Problem("database_damaged", f"SQLite says: {said}", None)


def _prove(trail: _Trail, prove: Prove) -> int:
    folded = trail.folded()
    for mission_id, kept in folded.items():
        for missing in prove(kept.mission):
            raise _Problem("receipt_unproven", f"mission {mission_id}: {missing}", None)
    return len(folded)
