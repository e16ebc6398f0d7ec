"""The engine keeps its rules in every world; bugs that are planted into it are found; a world can be played again."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from planted import BUGS
from run import BUG_SEEDS
from simulation import simulate

SEEDS = 200
SHARDS = 4


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logger = logging.getLogger("orchestrator")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    yield
    logger.setLevel(level)


@pytest.mark.parametrize("shard", range(SHARDS))
def test_every_world_keeps_the_rules(shard: int) -> None:
    played = [simulate(seed) for seed in range(shard, SEEDS, SHARDS)]
    broken = [outcome.report() for outcome in played if outcome.problems]
    assert not broken, "\n".join(broken)
    happened = {name for outcome in played for name in outcome.events}
    assert happened >= {"MissionSealed", "AttemptRefused", "SessionRecovering", "MissionTakenUp", "MissionPaused"}


@pytest.mark.slow
@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_found(name: str) -> None:
    for seed in range(BUG_SEEDS):
        if simulate(seed, BUGS[name]).problems:
            return
    pytest.fail(f"{BUG_SEEDS} worlds do not notice {name}")


@pytest.mark.parametrize("seed", [2, 9, 17])
def test_the_same_seed_gives_the_same_world(seed: int) -> None:
    assert simulate(seed).trace == simulate(seed).trace
