"""Both ways of working over the same tasks, side by side, and the judge's verdicts on what came of them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from typing import Final

import anyio
from corpus import Task
from experiment import Ended, Model, Verdict, judged
from judge import Judge
from one_shot import one_shot
from orchestrated import Lane, servers_below
from report import Line

from orchestrator.testing.provider import Competence, serving

SEED: Final = 7
_SIMULATED: Final = "simulated"


def compare(chosen: Sequence[Task], p: float, seed: int, lanes: int, judge: Judge) -> Line:
    """One competence: each way of working meets a model of its own, with the same luck."""
    with _simulated(chosen, p, seed) as alone:
        single = one_shots(chosen, alone, lanes)
    with _simulated(chosen, p, seed) as led:
        many = missions(chosen, led, lanes)
    return line(chosen, p, single, many, judge)


def line(chosen: Sequence[Task], p: float | None, single: list[Ended], many: list[Ended], judge: Judge) -> Line:
    """What came of both ways, judged."""
    return Line(p, _verdicts(chosen, single, judge), _verdicts(chosen, many, judge))


def one_shots(chosen: Sequence[Task], model: Model, lanes: int) -> list[Ended]:
    """Every task by one session, `lanes` side by side."""

    def run(task: Task, folder: Path) -> Ended:
        return anyio.run(one_shot, task, model, folder)

    with tempfile.TemporaryDirectory(prefix="one-shot-") as folder:
        numbered = zip(chosen, (Path(folder, str(number)) for number in range(len(chosen))), strict=True)
        with ThreadPoolExecutor(lanes) as pool:
            return list(pool.map(lambda pair: run(*pair), numbered))


def missions(chosen: Sequence[Task], model: Model, lanes: int) -> list[Ended]:
    """Every task as a mission; each lane has one server, which does them one after another."""
    with tempfile.TemporaryDirectory(prefix="structure-") as folder, servers_below(Path(folder), model):
        free: Queue[Lane] = Queue()
        for number in range(lanes):
            free.put(Lane(Path(folder, f"lane-{number}")))
        return _side_by_side(lanes, free, chosen)


def _side_by_side(lanes: int, free: Queue[Lane], chosen: Sequence[Task]) -> list[Ended]:
    def run(task: Task) -> Ended:
        lane = free.get()
        try:
            return lane.mission(task)
        finally:
            free.put(lane)

    with ThreadPoolExecutor(lanes) as pool:
        return list(pool.map(run, chosen))


@contextmanager
def _simulated(chosen: Sequence[Task], p: float, seed: int) -> Iterator[Model]:
    policy = Competence([task.skill for task in chosen], p, seed)
    with serving(policy, (_SIMULATED,)) as provider:
        yield Model(provider.url, _SIMULATED)


def _verdicts(chosen: Sequence[Task], ended: Sequence[Ended], judge: Judge) -> tuple[Verdict, ...]:
    return tuple(judged(task, end, judge) for task, end in zip(chosen, ended, strict=True))
