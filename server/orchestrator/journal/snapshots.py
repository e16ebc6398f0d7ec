"""States of missions up to one event, kept so that a start needs to fold only what came after. A cache, no more.

They are bound to that event's hash and to the code that made them; whatever does not fit is left alone and folded anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import apsw
import msgspec

from orchestrator.journal.head import Head
from orchestrator.journal.kept import Kept, fingerprint, freeze, freeze_summary, thaw
from orchestrator.journal.segments import select_segments
from orchestrator.journal.sqlite import run

_FACT = "snapshot"
_COUNT_FACT = "snapshot_count"


class _Base(msgspec.Struct, frozen=True):
    seq: int
    hash: bytes
    code: bytes


_code = cache(fingerprint)


def snapshot_base(connection: apsw.Connection) -> Head:
    """The event up to which the stored states go; the beginning when there are none that fit. Raises apsw.Error."""
    query = "SELECT value FROM facts WHERE name = ? AND (SELECT value FROM facts WHERE name = ?) = ?"
    row = next(iter(run(connection, query, (_FACT, _COUNT_FACT, _count(connection)))), None)
    if row is None:
        return Head()
    try:
        base = msgspec.json.decode(row[0], type=_Base)
    except ValueError:
        return Head()
    head = Head(base.seq, base.hash)
    return head if base.code == _code() and _is_ours(connection, head) else Head()


def count_states(connection: apsw.Connection) -> None:
    """Remember how many states there are, after every change of that, so that a lost one shows. Raises apsw.Error."""
    run(connection, "INSERT OR REPLACE INTO facts VALUES (?, ?)", (_COUNT_FACT, _count(connection)))


def _count(connection: apsw.Connection) -> bytes:
    return b"%d" % next(iter(run(connection, "SELECT COUNT(*) FROM snapshots")))[0]


def _is_ours(connection: apsw.Connection, head: Head) -> bool:
    """Whether the chain went through here; the event itself may be in the archive by now."""
    query = "SELECT hash FROM events WHERE seq = ?"
    found = [row[0] for row in run(connection, query, (head.seq,))]
    return head.hash in found or head in [item.end for item in select_segments(connection, after_seq=head.seq - 1)]


def has_state(connection: apsw.Connection, mission_id: str) -> bool:
    """Whether a state is stored for this mission. Raises apsw.Error."""
    query = "SELECT EXISTS (SELECT 1 FROM snapshots WHERE mission_id = ?)"
    return bool(next(iter(run(connection, query, (mission_id,))))[0])


def load_state(connection: apsw.Connection, mission_id: str) -> Kept:
    """A state that is stored. Raises apsw.Error, and ValueError for one that is damaged."""
    rows = run(connection, "SELECT state FROM snapshots WHERE mission_id = ?", (mission_id,))
    return thaw(mission_id, next(iter(rows))[0])


def store_states(
    connection: apsw.Connection, base: Head, last: Head, states: Iterable[tuple[str, Kept, bytes]]
) -> None:
    """Put changed states (with their frozen form) beside the others and move the base from `base` to `last`.

    A base at the beginning throws all others away. To be called in a transaction. Raises apsw.Error.
    """
    if not base.seq:
        run(connection, "DELETE FROM snapshots")
    for mission_id, kept, frozen in states:
        values = (
            mission_id,
            kept.first_seq,
            kept.last_seq,
            kept.last_ms,
            int(kept.mission.status.is_terminal),
            len(kept.mission.tasks),
            freeze_summary(kept.summary(mission_id)),
            frozen,
        )
        run(connection, "INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
    fact = msgspec.json.encode(_Base(last.seq, last.hash, _code()))
    run(connection, "INSERT OR REPLACE INTO facts VALUES (?, ?)", (_FACT, fact))
    count_states(connection)


def frozen(states: dict[str, Kept]) -> list[tuple[str, Kept, bytes]]:
    """States as `store_states` wants them; freezing takes time that no transaction should last."""
    return [(mission_id, kept, freeze(mission_id, kept)) for mission_id, kept in states.items()]
