"""The state of a workspace from snapshots and the events after them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Literal

from orchestrator.domain.mission import Mission
from orchestrator.journal.head import Head
from orchestrator.journal.history import History, checked
from orchestrator.journal.kept import Kept, thaw_summary
from orchestrator.journal.segments import archived_up_to
from orchestrator.journal.snapshots import has_state, load_state, snapshot_base
from orchestrator.journal.sqlite import run, transaction
from orchestrator.ports.journal import MissionSummary, Restored


@dataclass(slots=True)
class Tail:
    """What came after the snapshots: from `base` to `last`, and the missions that it changed, in their new state."""

    base: Head
    last: Head
    changed: dict[str, Kept]


def fold_tail(history: History, *, limit: int = -1) -> Tail:
    """The missions that the events after the snapshots changed; at most `limit` events are read.

    Damaged snapshots count as none. Raises apsw.Error, OSError, JournalError.
    """
    try:
        return _fold(history, snapshot_base(history.connection), limit)
    except ValueError:
        return _fold(history, Head(), limit)


def _fold(history: History, base: Head, limit: int) -> Tail:
    tail = Tail(base, base, {})
    for row in checked(history.connection, history.path, base.seq, limit=limit):
        seq, mission_id = row[0], row[1]
        kept = tail.changed.get(mission_id)
        if kept is None:
            kept = tail.changed[mission_id] = _earlier(history, base, mission_id)
        kept.follow(row)
        tail.last = Head(seq, row[5])
    return tail


def _earlier(history: History, base: Head, mission_id: str) -> Kept:
    """A mission as it was at the base, also one that came back from the archive."""
    if base.seq and has_state(history.connection, mission_id):
        return load_state(history.connection, mission_id)
    missed = "SELECT 1 FROM events WHERE mission_id = ? AND seq <= ? LIMIT 1"
    if list(run(history.connection, missed, (mission_id, base.seq))):
        raise ValueError("a stored state is gone")
    kept = Kept()
    query = "SELECT last_seq FROM archived WHERE mission_id = ?"
    for (last_seq,) in list(run(history.connection, query, (mission_id,))):
        for row in takewhile(lambda row, end=last_seq: row[0] <= end, history.rows(mission_id=mission_id)):
            kept.follow(row)
    return kept


def restore(history: History, max_finished_tasks: int) -> Restored:
    """Every mission that has not ended, and the newest ended ones with at most so many tasks together.

    Raises apsw.Error, OSError, JournalError.
    """
    with transaction(history.connection, "DEFERRED"):
        try:
            found, last_seq = _restored(history, fold_tail(history), max_finished_tasks)
        except ValueError:
            found, last_seq = _restored(history, _fold(history, Head(), -1), max_finished_tasks)
    return Restored(last_seq, [kept.mission for kept in sorted(found, key=lambda kept: kept.first_seq)])


def _restored(history: History, tail: Tail, max_finished_tasks: int) -> tuple[list[Kept], int]:
    facts = [(kept.last_seq, len(kept.mission.tasks), _is_over(kept), name) for name, kept in tail.changed.items()]
    if tail.base.seq:
        query = "SELECT last_seq, task_count, is_ended, mission_id FROM snapshots"
        facts += [row for row in run(history.connection, query) if row[3] not in tail.changed]
    found: list[Kept] = []
    for _, task_count, is_ended, mission_id in sorted(facts, reverse=True):
        if is_ended:
            max_finished_tasks -= max(task_count, 1)
        if not is_ended or max_finished_tasks >= 0:
            found.append(tail.changed.get(mission_id) or load_state(history.connection, mission_id))
    return found, max(tail.last.seq, archived_up_to(history.connection).seq)


def summarized(history: History, limit: int) -> list[MissionSummary]:
    """The newest missions, oldest of them first. Raises apsw.Error, OSError, JournalError."""
    with transaction(history.connection, "DEFERRED"):
        tail = fold_tail(history)
        found = {name: replace(item, is_archived=True) for name, item in _stored_summaries(history, "archived", limit)}
        if tail.base.seq:
            found |= dict(_stored_summaries(history, "snapshots", limit))
        found |= {name: kept.summary(name) for name, kept in tail.changed.items()}
    in_order = sorted(found.values(), key=lambda item: item.first_seq)
    return in_order[max(0, len(in_order) - limit) :]


def refolded(history: History, mission_id: str) -> Mission:
    """One mission from its first event to its last. Raises apsw.Error, OSError, JournalError."""
    kept = Kept()
    with transaction(history.connection, "DEFERRED"):
        for row in history.rows(mission_id=mission_id):
            kept.follow(row)
    return kept.mission


def _stored_summaries(
    history: History, table: Literal["archived", "snapshots"], limit: int
) -> list[tuple[str, MissionSummary]]:
    query = f"SELECT mission_id, summary FROM {table} ORDER BY first_seq DESC LIMIT ?"  # noqa: S608 - one of two names
    return [(row[0], thaw_summary(row[1])) for row in run(history.connection, query, (limit,))]


def _is_over(kept: Kept) -> bool:
    return kept.mission.status.is_terminal
