"""Cycles of up to four steps are noticed by their third repeat, and nothing else is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.cycles import MAX_PERIOD, REPEATS, CycleWatch

_STEPS = st.integers(0, 3)


@given(st.lists(_STEPS, max_size=20), st.lists(_STEPS, min_size=1, max_size=MAX_PERIOD))
def test_a_cycle_is_noticed_within_three_repeats_whatever_was_before(before: list[int], cycle: list[int]) -> None:
    watch = CycleWatch()
    for step in before:
        watch.add(step)
    assert any(watch.add(step) for step in cycle * REPEATS)


@given(st.lists(_STEPS, max_size=60))
def test_what_is_noticed_is_a_cycle(steps: list[int]) -> None:
    watch = CycleWatch()
    for number, step in enumerate(steps, 1):
        period = watch.add(step)
        tail = steps[:number]
        is_cycle = [
            p
            for p in range(1, MAX_PERIOD + 1)
            if number >= p * REPEATS and all(tail[-k] == tail[-k - p] for k in range(1, p * (REPEATS - 1) + 1))
        ]
        assert period == (is_cycle[0] if is_cycle else 0)


def test_progress_is_no_cycle() -> None:
    watch = CycleWatch()
    assert not any(watch.add(n) for n in range(1_000))
