"""What a mission is likely to need, told from the missions that have ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import quantiles
from typing import Final

from orchestrator.domain.mission import Mission
from orchestrator.domain.plan import ESTIMATE_S
from orchestrator.domain.words import MissionStatus, TaskStatus

Range = tuple[int, int]
_DEFAULT_SESSIONS: Final = (2, 12)
_DEFAULT_DURATION_S: Final = (60.0, 1_800.0)
_SLOTS: Final = 10
"""How many sessions a mission without history is taken to run side by side."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """The middle half (first to third quartile) of what like missions needed; `based_on` counts them."""

    based_on: int
    sessions: Range
    tokens: Range
    money_microusd: Range
    duration_s: tuple[float, float]


def estimate(missions: Iterable[Mission], running: Mission | None, host: str) -> Estimate:
    """Estimate a new mission on this host, or what is left of a running one.

    Like missions are those that were sealed on the same kind of host. Numbers of a running mission are scaled by its
    open tasks over the median number of tasks.
    """
    kind = host.partition(":")[0]
    like = [
        m
        for m in missions
        if m.status is MissionStatus.SEALED and m.host.partition(":")[0] == kind and m is not running and m.seal
    ]
    left = len(running.open_tasks()) if running and running.plan_version else None
    if not like:
        return _without_history(running)
    typical = max(1.0, _middle(like, lambda m: len(m.tasks)))
    share = 1.0 if left is None else left / typical
    return Estimate(
        len(like),
        _whole(_spread(like, lambda m: sum(t.attempt_count for t in m.tasks.values()) + 1, share)),
        _whole(_spread(like, lambda m: m.budget.total().tokens, share)),
        _whole(_spread(like, lambda m: m.budget.total().money_microusd, share)),
        _spread(like, lambda m: m.seal.duration_s if m.seal else 0.0, share),
    )


def _without_history(running: Mission | None) -> Estimate:
    if running is None or not running.plan_version:
        return Estimate(0, _DEFAULT_SESSIONS, (0, 0), (0, 0), _DEFAULT_DURATION_S)
    open_tasks = [t for t in running.tasks.values() if t.status in {TaskStatus.OPEN, TaskStatus.RUNNING}]
    work_s = sum(ESTIMATE_S[task.spec.size] for task in open_tasks)
    count = len(open_tasks)
    return Estimate(0, (count, 2 * count), (0, 0), (0, 0), (work_s / _SLOTS, work_s))


def _spread(missions: list[Mission], need: Callable[[Mission], float], share: float) -> tuple[float, float]:
    values = [float(need(mission)) for mission in missions]
    if len(values) == 1:
        return values[0] * share, values[0] * share
    first, _, third = quantiles(values, n=4, method="inclusive")
    return first * share, third * share


def _middle(missions: list[Mission], need: Callable[[Mission], float]) -> float:
    values = sorted(float(need(mission)) for mission in missions)
    return values[len(values) // 2]


def _whole(pair: tuple[float, float]) -> Range:
    return round(pair[0]), round(pair[1])
