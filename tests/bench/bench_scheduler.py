"""The scheduler: how near its makespans come to the bound that no schedule can beat, and what it costs.

Graphs come from `graph(seed)`: 50 to 10,000 tasks, lognormal durations, every tenth task runs twice; half of them wide,
half with a critical path of about work / slots, where order matters most. A schedule is played event by event with the
engine's own `Scheduler`; estimates are the durations times a lognormal factor (sigma 0.5). The bound is the larger of
the critical path and work / slots, of the durations that really occurred. Beside it, on the same graphs: first come
first served, the number of tasks behind (hop count), and phases with a barrier after each. Overhead is CPU time without
what a schedule is for: sessions, journal, clock. Run as a script it prints the rows.
"""

from __future__ import annotations

import gc
import math
import random
import statistics
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Any

from orchestrator.engine.scheduler import Job, Phase, Scheduler

Row = dict[str, Any]
SLOTS = (8, 16, 50)
SIZES = (50, 50, 200, 200, 1_000, 2_000, 10_000)
SIGMA = 0.5
RETRIES = 0.1
GOAL_MEDIAN = 1.03
GOAL_P95 = 1.15
GOAL_US = 5.0
GOAL_CANCEL_MS = 50.0
REPEATS = 5


@dataclass(frozen=True, slots=True)
class Graph:
    """A graph and what happens on it. `real_s` holds retries; `guess_s` is what the scheduler is told."""

    slots: int
    before: list[tuple[int, ...]]
    real_s: list[float]
    guess_s: list[float]


def graph(seed: int) -> Graph:
    """The graph of a seed; the same everywhere. Odd seeds have a critical path of about work / slots."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    count = SIZES[seed // 2 % len(SIZES)]
    slots = SLOTS[seed // (2 * len(SIZES)) % len(SLOTS)]
    base_s = [chance.lognormvariate(math.log(60), 1.0) for _ in range(count)]
    guess_s = [seconds * chance.lognormvariate(0, SIGMA) for seconds in base_s]
    real_s = [seconds * (2 if chance.random() < RETRIES else 1) for seconds in base_s]
    if seed % 2 == 0:
        return Graph(slots, _edges(seed, count, count / chance.uniform(2, 8)), real_s, guess_s)
    narrow, wide = 1.0, float(count)
    for _ in range(12):  # the farther dependencies reach back, the shorter the path
        reach = math.sqrt(narrow * wide)
        drawn = Graph(slots, _edges(seed, count, reach), real_s, guess_s)
        if path_s(drawn) > sum(real_s) / slots:
            narrow = reach
        else:
            wide = reach
    return Graph(slots, _edges(seed, count, wide), real_s, guess_s)


def _edges(seed: int, count: int, reach: float) -> list[tuple[int, ...]]:
    """Each task depends on up to three of those before it, about `reach` back; some on none."""
    chance = random.Random(seed + 1_000_003)  # noqa: S311 - no secret
    before: list[tuple[int, ...]] = []
    for task in range(count):
        far = [round(reach * chance.uniform(0.2, 1.8)) for _ in range(chance.choice((0, 1, 1, 2, 3)))]
        before.append(tuple({task - max(1, steps) for steps in far if max(1, steps) <= task}))
    return before


def path_s(drawn: Graph) -> float:
    """The critical path of the durations that really occurred."""
    ends: list[float] = []
    for task, seconds in enumerate(drawn.real_s):
        ends.append(seconds + max((ends[other] for other in drawn.before[task]), default=0.0))
    return max(ends)


def bound_s(drawn: Graph) -> float:
    """No schedule can be shorter."""
    return max(path_s(drawn), sum(drawn.real_s) / drawn.slots)


def ours_s(drawn: Graph) -> float:
    """The makespan of the engine's scheduler."""
    scheduler = Scheduler()
    scheduler.load(
        Job(str(task), drawn.guess_s[task], (f"src/{task}.py",), [str(other) for other in before])
        for task, before in enumerate(drawn.before)
    )
    running: list[tuple[float, int]] = []
    now_s = 0.0
    while True:
        while len(running) < drawn.slots and (name := scheduler.take()) is not None:
            heappush(running, (now_s + drawn.real_s[int(name)], int(name)))
        if not running:
            return now_s
        now_s, task = heappop(running)
        scheduler.put(str(task), Phase.SETTLED)


def listed_s(drawn: Graph, rank: Sequence[float]) -> float:
    """The makespan of a list scheduler that takes the ready task with the smallest rank."""
    left = [len(before) for before in drawn.before]
    after = _after(drawn)
    ready = [(rank[task], task) for task, count in enumerate(left) if not count]
    heapify(ready)
    running: list[tuple[float, int]] = []
    now_s = 0.0
    while ready or running:
        while ready and len(running) < drawn.slots:
            task = heappop(ready)[1]
            heappush(running, (now_s + drawn.real_s[task], task))
        now_s, task = heappop(running)
        for other in after[task]:
            left[other] -= 1
            if not left[other]:
                heappush(ready, (rank[other], other))
    return now_s


def barriers_s(drawn: Graph) -> float:
    """The makespan when all of one depth must have ended before the next depth begins."""
    depth: list[int] = []
    for before in drawn.before:
        depth.append(1 + max((depth[other] for other in before), default=0))
    total_s = 0.0
    for phase in range(1, max(depth) + 1):
        free = [0.0] * drawn.slots
        heapify(free)
        for task, own in enumerate(depth):
            if own == phase:
                heappush(free, heappop(free) + drawn.real_s[task])
        total_s += max(free)
    return total_s


def _after(drawn: Graph) -> list[list[int]]:
    after: list[list[int]] = [[] for _ in drawn.before]
    for task, before in enumerate(drawn.before):
        for other in before:
            after[other].append(task)
    return after


def hops(drawn: Graph) -> list[float]:
    """Minus the number of tasks on the longest chain behind each."""
    after = _after(drawn)
    length = [0.0] * len(after)
    for task in reversed(range(len(after))):
        length[task] = 1 + max((length[other] for other in after[task]), default=0.0)
    return [-hop for hop in length]


def makespan_rows(seeds: Sequence[int] = range(84)) -> list[Row]:
    """Makespan over the bound, ours and the others', over the same graphs."""
    ratios: dict[str, list[float]] = {"ours": [], "fifo": [], "hops": [], "phases": []}
    tight: list[float] = []
    for seed in seeds:
        drawn = graph(seed)
        least_s = bound_s(drawn)
        ratios["ours"].append(ours_s(drawn) / least_s)
        ratios["fifo"].append(listed_s(drawn, list(range(len(drawn.before)))) / least_s)
        ratios["hops"].append(listed_s(drawn, hops(drawn)) / least_s)
        ratios["phases"].append(barriers_s(drawn) / least_s)
        if seed % 2:
            tight.append(ratios["ours"][-1])
    medians = {name: statistics.median(values) for name, values in ratios.items()}
    p95 = {name: statistics.quantiles(values, n=20)[-1] for name, values in ratios.items()}
    others = "fifo {fifo:.3f}, hop count {hops:.3f}, phases {phases:.3f}"
    return [
        {
            "name": f"scheduler: makespan over the bound, median of {len(ratios['ours'])} graphs",
            "value": round(medians["ours"], 4),
            "unit": "times the bound",
            "peer": others.format(**medians),
            "ratio": medians["ours"] / medians["fifo"],
            "goal": f"<= {GOAL_MEDIAN}",
            "met": medians["ours"] <= GOAL_MEDIAN,
        },
        {
            "name": "scheduler: the same, 95th percentile",
            "value": round(p95["ours"], 4),
            "unit": "times the bound",
            "peer": others.format(**p95),
            "ratio": p95["ours"] / p95["fifo"],
            "goal": f"<= {GOAL_P95}",
            "met": p95["ours"] <= GOAL_P95,
        },
        {
            "name": "scheduler: the same, median of the graphs whose path is about work / slots alone",
            "value": round(statistics.median(tight), 4),
            "unit": "times the bound",
            "goal": f"<= {GOAL_P95}",
            "met": statistics.median(tight) <= GOAL_P95,
        },
    ]


def jobs_of(count: int, seed: int) -> list[Job]:
    """Tasks for the overhead: 1.5 dependencies each, one file each."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    return [
        Job(
            f"t{n}",
            chance.lognormvariate(3, 1),
            (f"src/m{n % 97}/f{n}.py",),
            tuple(f"t{j}" for j in {chance.randrange(max(0, n - 200), n) for _ in range(chance.choice((0, 1, 2, 3)))})
            if n
            else (),
        )
        for n in range(count)
    ]


def ours_us(jobs: Sequence[Job]) -> float:
    """Microseconds of CPU a task: loading the graph, and taking and settling every task on 50 slots."""
    begun_s = time.process_time()
    scheduler = Scheduler()
    scheduler.load(jobs)
    running: deque[str] = deque()
    for _ in jobs:
        while len(running) < 50 and (name := scheduler.take()) is not None:
            running.append(name)
        scheduler.put(running.popleft(), Phase.SETTLED)
    return (time.process_time() - begun_s) / len(jobs) * 1e6


def bare_us(jobs: Sequence[Job]) -> float:
    """The same with a heap and indegrees alone: no remaining paths, write sets, lanes, edits."""
    begun_s = time.process_time()
    after: dict[str, list[str]] = {job.id: [] for job in jobs}
    left: dict[str, int] = {}
    rank: dict[str, float] = {}
    for job in jobs:
        left[job.id] = len(job.depends_on)
        rank[job.id] = -job.estimate_s
        for name in job.depends_on:
            after[name].append(job.id)
    ready = [(rank[name], name) for name, count in left.items() if not count]
    heapify(ready)
    running: deque[str] = deque()
    for _ in jobs:
        while ready and len(running) < 50:
            running.append(heappop(ready)[1])
        for name in after[running.popleft()]:
            left[name] -= 1
            if not left[name]:
                heappush(ready, (rank[name], name))
    return (time.process_time() - begun_s) / len(jobs) * 1e6


def cancel_ms(jobs: Sequence[Job]) -> float:
    """Milliseconds of CPU to take every task out of the graph while 50 run."""
    scheduler = Scheduler()
    scheduler.load(jobs)
    for _ in range(50):
        scheduler.take()
    begun_s = time.process_time()
    for job in jobs:
        scheduler.put(job.id, Phase.OUT)
    return (time.process_time() - begun_s) * 1e3


def _least(measure: Callable[[Sequence[Job]], float], jobs: Sequence[Job]) -> float:
    gc.collect()
    return measure(jobs)


def overhead_rows() -> list[Row]:
    """CPU a task, its growth with the number of tasks, and cancelling. The least of several runs, in alternation."""
    small, large = jobs_of(10_000, 1), jobs_of(100_000, 1)
    times = [(_least(ours_us, small), _least(bare_us, small)) for _ in range(REPEATS)]
    more = [(_least(ours_us, large), _least(bare_us, large)) for _ in range(3)]
    ours, bare = (min(pair[which] for pair in times) for which in (0, 1))
    ours_large, bare_large = (min(pair[which] for pair in more) for which in (0, 1))
    growth = ours_large / ours
    cancelling_ms = min(_least(cancel_ms, small) for _ in range(REPEATS))
    return [
        {
            "name": "scheduler: CPU a task at 10,000 tasks, graph loaded, all taken and settled",
            "value": round(ours, 2),
            "unit": "us",
            "peer": f"heap and indegrees alone {bare:.2f} us",
            "ratio": ours / bare,
            "goal": f"<= {GOAL_US:.0f}",
            "met": ours <= GOAL_US,
        },
        {
            "name": "scheduler: CPU a task at 100,000 tasks over that at 10,000",
            "value": round(growth, 2),
            "unit": "times",
            "peer": f"heap and indegrees alone {bare_large / bare:.2f} times",
            "ratio": growth / (bare_large / bare),
            "goal": "<= that of the heap alone",
            "met": growth <= bare_large / bare,
        },
        {
            "name": "scheduler: cancel 10,000 tasks",
            "value": round(cancelling_ms, 1),
            "unit": "ms",
            "goal": f"< {GOAL_CANCEL_MS:.0f}",
            "met": cancelling_ms < GOAL_CANCEL_MS,
        },
    ]


def rows() -> list[Row]:
    """Every row: name, value, unit, peer, ratio, goal, met."""
    return [*makespan_rows(), *overhead_rows()]


if __name__ == "__main__":
    for row in rows():
        sys.stdout.write(f"{row}\n")
