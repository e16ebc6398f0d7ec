"""Durations are learned from what ran, and one odd task moves little."""

from __future__ import annotations

import pytest

from orchestrator.domain.plan import ESTIMATE_S, TaskSpec
from orchestrator.engine.durations import Durations


def spec(size: str = "small", path: str = "src/a.py") -> TaskSpec:
    return TaskSpec("t", "t", "why", (path,), size=size)  # type: ignore[arg-type] - literal in tests


def test_without_history_the_size_decides() -> None:
    assert Durations().estimate_s(spec("large")) == ESTIMATE_S["large"]


def test_the_scale_of_a_host_carries_over_to_other_sizes() -> None:
    durations = Durations()
    for _ in range(20):
        durations.observe(spec("small"), ESTIMATE_S["small"] / 10)
    assert durations.estimate_s(spec("small")) == pytest.approx(ESTIMATE_S["small"] / 10, rel=0.05)
    assert durations.estimate_s(spec("large")) == pytest.approx(ESTIMATE_S["large"] / 10, rel=0.5)


def test_like_tasks_count_most() -> None:
    durations = Durations()
    for _ in range(20):
        durations.observe(spec(path="docs/a.md"), 5)
        durations.observe(spec(path="src/a.py"), 200)
    assert durations.estimate_s(spec(path="docs/b.md")) == pytest.approx(5, rel=0.3)
    assert durations.estimate_s(spec(path="src/b.py")) == pytest.approx(200, rel=0.3)


def test_one_odd_task_moves_little() -> None:
    durations = Durations()
    for _ in range(20):
        durations.observe(spec(), 30)
    durations.observe(spec(), 1e6)
    assert durations.estimate_s(spec()) < 45
