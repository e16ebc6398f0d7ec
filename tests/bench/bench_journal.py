"""Events a second through the journal, against bare apsw with the same pragmas and the same rows a commit.

Bare apsw writes the same columns from one thread with nothing around it: no hashes, no head, no queue, no waiting
callers. Each row's ratio says what those cost. Run as a script it prints the rows.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio

from orchestrator.domain import events as e
from orchestrator.journal.codec import encode
from orchestrator.journal.schema import connect, migrate
from orchestrator.journal.sqlite import run, run_many
from orchestrator.journal.store import open_journal

WRITERS = (1, 10, 50)
COMMITS = 200
"""So many a measurement, whatever the number of writers: each writer has one event in each."""
REPEATS = 3
GOAL_RATIO = 0.5
"""Of bare apsw's speed: the chain, the head and the way through the event loop may cost half of it."""

EVENT = e.AttemptCommitted(
    "at-0123456789ab", "task-17", "c" * 40, "t" * 40, ("src/module/file.py", "tests/test_file.py")
)


class _Clock:
    def now_s(self) -> float:
        return time.time()


def journal_events_s(folder: Path, writers: int) -> float:
    """Events a second when so many tasks append one event at a time."""

    async def measure() -> float:
        async with open_journal(folder / "journal.db", clock=_Clock()) as journal:

            async def write() -> None:
                for _ in range(COMMITS):
                    await journal.append("m-1", [EVENT])

            begin_s = time.perf_counter()
            async with anyio.create_task_group() as tasks:
                for _ in range(writers):
                    tasks.start_soon(write)
            return COMMITS * writers / (time.perf_counter() - begin_s)

    return anyio.run(measure)


def bare_events_s(folder: Path, rows_a_commit: int) -> float:
    """Events a second of apsw alone."""
    connection = connect(folder / "journal.db")
    migrate(connection)
    name, body = encode(EVENT)
    insert = "INSERT INTO events(seq, mission_id, at_ms, type, body, hash) VALUES (?, ?, ?, ?, ?, ?)"
    begin_s = time.perf_counter()
    for first in range(1, COMMITS * rows_a_commit + 1, rows_a_commit):
        seqs = range(first, first + rows_a_commit)
        run(connection, "BEGIN IMMEDIATE")
        run_many(connection, insert, [(seq, "m-1", 1_700_000_000_000, name, body, bytes(32)) for seq in seqs])
        run(connection, "COMMIT")
    speed = COMMITS * rows_a_commit / (time.perf_counter() - begin_s)
    connection.close()
    return speed


def _in_turn(count: int) -> tuple[float, float]:
    """The medians of both, measured in alternation so that a busy machine slows both alike."""

    def once(measure: Callable[[Path, int], float]) -> float:
        with tempfile.TemporaryDirectory(prefix="bench-journal-") as folder:
            return measure(Path(folder), count)

    pairs = [(once(journal_events_s), once(bare_events_s)) for _ in range(REPEATS)]
    return statistics.median(own for own, _ in pairs), statistics.median(peer for _, peer in pairs)


def rows() -> list[dict[str, Any]]:
    """One row for each number of writers: name, value, unit, peer, ratio, goal, met."""
    result: list[dict[str, Any]] = []
    for writers in WRITERS:
        own, peer = _in_turn(writers)
        ratio = own / peer
        result.append(
            {
                "name": f"journal: events appended and synced, {writers} writers",
                "value": round(own),
                "unit": "events/s",
                "peer": f"bare apsw, {writers} rows a commit: {peer:.0f} events/s",
                "ratio": round(ratio, 3),
                "goal": f"ratio >= {GOAL_RATIO}",
                "met": ratio >= GOAL_RATIO,
            }
        )
    return result


if __name__ == "__main__":
    for row in rows():
        sys.stdout.write(f"{row}\n")
