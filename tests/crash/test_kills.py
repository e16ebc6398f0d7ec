"""SIGKILL at random moments: what clients were told is kept, nothing runs twice in silence, every mission is sealed.

`python tests/crash/kills.py` kills 10,000 times.
"""

from __future__ import annotations

import os

import kills
import pytest

SEED = int(os.environ.get("ORCHESTRATOR_CRASH_SEED", "20"))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("shard", range(2))
def test_missions_outlive_kills(shard: int) -> None:
    tally = kills.run(20, SEED + shard, lanes=2)
    assert tally.kills.total() == 20
    assert tally.verdict.facts > 100
    assert tally.is_clean, f"seed {SEED + shard}\n{tally.table()}"
