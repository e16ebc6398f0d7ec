"""Which task runs next: of those that may start, the one with the longest remaining path.

A pure, incremental structure without a clock: a change costs what it touches. Ready tasks stand in heaps, one a lane (a
lane is what shares a bound on its sessions, such as a model). Write sets that are held stand in an index by path; a
task that overlaps one waits for what is in its way and is looked at again when that is gone, so nothing is ever
scanned. An idle slot takes whatever stands first: with one heap there is nothing to steal from anybody.

Tasks are numbers inside, and what is known of them stands in lists by number: fifty thousand objects would cost more to
make than the schedule itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from heapq import heappop, heappush
from itertools import chain

from orchestrator.domain.plan import EVERYWHERE
from orchestrator.engine.write_index import WriteIndex


class Phase(Enum):
    """Where a task stands for the scheduler. `OUT` can't start now and settles nobody (paused, failed, mended)."""

    OPEN = "open"
    RUNNING = "running"
    SETTLED = "settled"
    OUT = "out"


_OPEN, _RUNNING, _SETTLED = Phase.OPEN, Phase.RUNNING, Phase.SETTLED


@dataclass(frozen=True, slots=True)
class Job:
    """A task as the scheduler needs it. `estimate_s` is how long it is likely to run."""

    id: str
    estimate_s: float
    write_set: Sequence[str]
    depends_on: Sequence[str] = ()
    lane: str = ""


_Entry = tuple[float, int]
"""In a heap: minus the remaining path, the task. It counts only while the task's mark is the same number."""


class Scheduler:
    """The graph of one mission. Give it every change; ask `take` for the next task."""

    def __init__(self) -> None:
        """Empty."""
        self._index: dict[str, int] = {}
        self._ids: list[str] = []
        self._estimate_s: list[float] = []
        self._length_s: list[float] = []
        self._before: list[list[int]] = []
        self._after: list[list[int]] = []
        self._unmet: list[int] = []
        self._phase: list[Phase] = []
        self._lane: list[str] = []
        self._paths: list[Sequence[str]] = []
        self._mark: list[float | None] = []
        self._ready: defaultdict[str, list[_Entry]] = defaultdict(list)
        self._writes = WriteIndex()
        self._waiters: dict[tuple[str, str], list[_Entry]] = {}
        """Who waits for an obstacle to go, by obstacle and lane."""
        self._woken: defaultdict[int, list[str]] = defaultdict(list)
        """Tasks that are looked at because obstacles have gone: the next waiters follow once that is decided."""

    def __contains__(self, task_id: str) -> bool:
        """Whether the graph holds the task."""
        return task_id in self._index

    def load(self, jobs: Iterable[Job]) -> None:
        """Add many tasks at once, in any order; dependencies are among them or known already. KeyError for others."""
        jobs = list(jobs)
        first = len(self._ids)
        index = self._index
        self._ids += [job.id for job in jobs]
        index.update(zip(self._ids[first:], range(first, first + len(jobs)), strict=True))
        self._estimate_s += [job.estimate_s for job in jobs]
        self._length_s += [0.0] * len(jobs)
        self._after += [[] for _ in jobs]
        self._phase += [_OPEN] * len(jobs)
        self._lane += [job.lane for job in jobs]
        self._mark += [None] * len(jobs)
        before = [[index[name] for name in job.depends_on] for job in jobs]
        self._before += before
        after = self._after
        for task, tasks in enumerate(before, first):
            for other in tasks:
                after[other].append(task)
        self._add_write_sets([job.write_set for job in jobs])
        self._unmet += [self._count_unmet(tasks) if first else len(tasks) for tasks in before]
        if first:
            self._lengthen(range(first, len(self._ids)))
        else:
            self._measure()
        for task in range(first, len(self._ids)):
            if not self._unmet[task] and self._mark[task] is None:
                self._again(task)

    def depend(self, task_id: str, depends_on: Iterable[str]) -> None:
        """Replace what the task waits for. KeyError for unknown tasks; the caller keeps the graph free of cycles."""
        task = self._index[task_id]
        old, new = self._before[task], [self._index[name] for name in depends_on]
        self._before[task] = new
        for other in old:
            self._after[other].remove(task)
        for other in new:
            self._after[other].append(task)
        self._lengthen({*old, *new})
        self._unmet[task] = self._count_unmet(new)
        self._again(task)

    def stand_in(self, task_id: str, mended_id: str) -> None:
        """Have whoever waits for the mended task wait for this one too, so that it is as urgent as that one was."""
        task = self._index[task_id]
        for other in self._after[self._index[mended_id]]:
            self._before[other].append(task)
            self._after[task].append(other)
            self._unmet[other] += self._phase[task] is not _SETTLED
            self._mark[other] = None
        self._lengthen((task,))

    def estimate(self, estimates_s: Iterable[tuple[str, float]]) -> None:
        """Correct how long tasks are likely to run, in one pass over the graph."""
        for task_id, estimate_s in estimates_s:
            self._estimate_s[self._index[task_id]] = estimate_s
        old = self._length_s.copy()
        self._measure()
        for task, length_s in enumerate(old):
            if self._length_s[task] != length_s:
                self._again(task)

    def put(self, task_id: str, phase: Phase) -> None:
        """Say where a task stands now; the same again changes nothing."""
        task = self._index[task_id]
        old = self._phase[task]
        if old is phase:
            return
        self._phase[task] = phase
        self._mark[task] = None
        if old is _RUNNING:
            self._release(task)
        if phase is _SETTLED:
            unmet = self._unmet
            for other in self._after[task]:
                left = unmet[other] = unmet[other] - 1
                if not left:
                    self._again(other)
        elif old is _SETTLED:
            for other in self._after[task]:
                self._unmet[other] += 1
                self._mark[other] = None
        if phase is _OPEN:
            self._again(task)
        elif phase is _RUNNING:
            self._writes.hold(self._paths[task])

    def take(self, lanes: Iterable[str] | None = None, least_s: float = 0.0) -> str | None:
        """The next task to start, RUNNING from now on; None when none may start.

        Only tasks of these lanes (None: of all), and only with at least so long a remaining path.
        """
        while (heap := self._best(lanes)) is not None:
            if -heap[0][0] < least_s:
                return None
            rank, task = heappop(heap)
            self._mark[task] = None
            obstacle = self._writes.try_hold(self._paths[task])
            if obstacle is None:
                self._phase[task] = _RUNNING
            else:
                heappush(self._waiters.setdefault((obstacle, self._lane[task]), []), (rank, task))
                self._mark[task] = rank
            if self._woken:
                self._decided(task)
            if obstacle is None:
                return self._ids[task]
        return None

    def remaining_s(self, task_id: str) -> float:
        """The estimated length of the longest chain of tasks that starts with this one."""
        return self._length_s[self._index[task_id]]

    def dependents(self, task_id: str) -> list[str]:
        """The tasks that wait for this one."""
        return [self._ids[task] for task in self._after[self._index[task_id]]]

    def longest_s(self) -> float:
        """The longest remaining path of all that is not settled. A pass over all tasks."""
        pairs = zip(self._length_s, self._phase, strict=True)
        return max((length_s for length_s, phase in pairs if phase is not _SETTLED), default=0.0)

    # Remaining paths.

    def _measure(self) -> None:
        """Compute all remaining paths, from the last tasks to the first."""
        length_s, estimate_s, before = self._estimate_s.copy(), self._estimate_s, self._before
        for task in reversed(self._in_order()):
            own_s = length_s[task]
            for other in before[task]:
                length_s[other] = max(length_s[other], own_s + estimate_s[other])
        self._length_s = length_s

    def _in_order(self) -> Sequence[int]:
        """The tasks so that each comes behind what it depends on. Plans mostly stand like that already."""
        if all(max(tasks) < task for task, tasks in enumerate(self._before) if tasks):
            return range(len(self._ids))
        left = [len(tasks) for tasks in self._before]
        order = [task for task, count in enumerate(left) if not count]
        for task in order:  # grows while it is walked
            for other in self._after[task]:
                left[other] -= 1
                if not left[other]:
                    order.append(other)
        return order

    def _lengthen(self, tasks: Iterable[int]) -> None:
        """Bring the remaining paths of some tasks up to date, and of those before them as far as that changes them."""
        changed = list(tasks)
        left = 4 * len(self._ids)
        while changed:
            task = changed.pop()
            after_s = max([self._length_s[other] for other in self._after[task]], default=0.0)
            length_s = self._estimate_s[task] + after_s
            if length_s == self._length_s[task]:
                continue
            self._length_s[task] = length_s
            self._again(task)
            changed.extend(self._before[task])
            left -= 1
            if not left:  # many ways lead to the same tasks: one pass over all is cheaper
                self.estimate(())
                return

    # Heaps.

    def _again(self, task: int) -> None:
        """Have an open task without unmet dependencies looked at (again), by its present remaining path."""
        if self._unmet[task] or self._phase[task] is not _OPEN:
            self._mark[task] = None
            return
        rank = self._mark[task] = -self._length_s[task]
        heappush(self._ready[self._lane[task]], (rank, task))

    def _best(self, lanes: Iterable[str] | None) -> list[_Entry] | None:
        """The heap whose first entry is the best of these lanes; what no longer counts is dropped on the way."""
        best: list[_Entry] | None = None
        mark = self._mark
        for lane in self._ready if lanes is None else lanes:
            heap = self._ready[lane]
            while heap and mark[heap[0][1]] != heap[0][0]:
                _, task = heappop(heap)
                if self._woken and mark[task] is None:
                    self._decided(task)
            if heap and (best is None or heap[0] < best[0]):
                best = heap
        return best

    # Write sets.

    def _add_write_sets(self, write_sets: Sequence[Sequence[str]]) -> None:
        """Know the entries of the write sets, each without the slash that ends a folder."""
        entries = set(chain.from_iterable(write_sets))
        if any(entry.endswith(("/", EVERYWHERE)) for entry in entries):
            write_sets = [
                ["" if entry == EVERYWHERE else entry.removesuffix("/") for entry in write_set]
                for write_set in write_sets
            ]
            entries = set(chain.from_iterable(write_sets))
        self._paths += write_sets
        self._writes.learn(entries)

    def _release(self, task: int) -> None:
        """Free what a task held, and have those looked at who waited for it."""
        free = self._writes.release(self._paths[task])
        if self._waiters:
            for obstacle in free:
                for lane in self._ready:
                    self._wake(obstacle, lane)

    def _wake(self, obstacle: str, lane: str) -> None:
        """Have the best task of a lane that waits for an obstacle to go looked at.

        One a lane: a task whose lane is full must not hold up those of other lanes.
        """
        key = obstacle, lane
        waiting = self._waiters.get(key)
        while waiting and not self._writes.is_in_the_way(obstacle):
            rank, task = heappop(waiting)
            if not waiting:
                del self._waiters[key]
            if self._mark[task] == rank:
                self._again(task)
                self._woken[task].append(obstacle)
                return

    def _decided(self, task: int) -> None:
        """A task that was woken has started or waits again: whoever waits behind it is looked at next."""
        for obstacle in self._woken.pop(task, ()):
            self._wake(obstacle, self._lane[task])

    def _count_unmet(self, tasks: Iterable[int]) -> int:
        return sum(1 for task in tasks if self._phase[task] is not _SETTLED)
