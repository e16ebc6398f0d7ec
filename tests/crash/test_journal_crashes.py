"""A machine that stops, or whose disk fails, at any change that the journal makes: nothing that was told is lost.

The suite tries a part of all points, drawn with a seed that a failure prints; `ORCHESTRATOR_CRASH_SEED` sets another
one. `python tests/crash/journal_points.py` tries all of them.
"""

from __future__ import annotations

import os

import journal_points
import pytest
from disk import Disk, Op

SEED = int(os.environ.get("ORCHESTRATOR_CRASH_SEED", "20"))
SHARDS = 8
CRASH_SHARE = 0.052
"""Of some 10,000 points, in each shard: more than 4,000 together."""
FAULT_SHARE = 0.004


@pytest.mark.parametrize("shard", range(SHARDS))
def test_what_was_acknowledged_survives_a_crash(shard: int) -> None:
    seed = SEED + shard
    tally = journal_points.try_crashes(seed, CRASH_SHARE)
    assert tally.points.total() >= 4_000 // SHARDS, "too few points to mean something"
    assert not tally.problems, f"seed {seed}\n{tally.table()}\n" + "\n".join(tally.problems[:10])


@pytest.mark.parametrize("shard", range(SHARDS))
def test_a_failing_disk_loses_nothing_and_invents_nothing(shard: int) -> None:
    seed = SEED + shard
    tally = journal_points.try_faults(seed, FAULT_SHARE)
    assert tally.points.total() >= 5
    assert not tally.problems, f"seed {seed}\n{tally.table()}\n" + "\n".join(tally.problems[:10])


class _Lying(Disk):
    """Says that it has synced, and has not."""

    def note(self, op: Op) -> None:
        if op.kind != "sync":
            super().note(op)


def test_a_disk_that_does_not_sync_would_be_noticed() -> None:
    tally = journal_points.try_crashes(SEED, 0.005, _Lying)
    assert tally.lost > 0, "these tests could not fail"
