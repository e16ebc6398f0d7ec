"""Seeded grammar fuzzing: whatever frames arrive, the server lives and answers every request exactly once.

`ORCHESTRATOR_FUZZ_FRAMES` and `ORCHESTRATOR_FUZZ_SEED` make it longer or different; `fuzz.py` is the long run.
"""

from __future__ import annotations

import os
import random

import pytest
from grammar import ROUND, Grammar, play
from wire import framed, request

FRAMES = int(os.environ.get("ORCHESTRATOR_FUZZ_FRAMES", "20000"))
SEED = int(os.environ.get("ORCHESTRATOR_FUZZ_SEED", "1"))


@pytest.mark.timeout(200 + FRAMES // 50)
def test_every_request_is_answered_once(start, tmp_path, transport) -> None:
    left = FRAMES if transport == "stdio" else FRAMES // 5
    seed = SEED
    while left > 0:
        frames = min(left, ROUND)
        wire = start(env={"FAKE_SLOW_S": "60"})
        assert "result" in wire.initialize(tmp_path)
        tally = play(wire, Grammar(seed), frames)
        assert (tally.unanswered, tally.doubled) == (0, 0)
        assert tally.requests > frames // 2
        wire.close()
        left, seed = left - frames, seed + 1


@pytest.mark.parametrize("seed", range(3))
def test_garbage_ends_the_connection_and_not_the_process_by_a_crash(start, tmp_path, seed) -> None:
    chance = random.Random(seed)  # noqa: S311 - seeded tests
    wire = start(env={"FAKE_FRAME_S": "1"})
    wire.initialize(tmp_path)
    good = framed(request(1, "mission/list"))
    wire.raw(good + bytes(chance.randrange(256) for _ in range(chance.randrange(1, 30_000))))
    frames = wire.rest()
    assert "result" in next(f for f in frames if f.get("id") == 1)
    assert b"Traceback" not in wire.stderr
