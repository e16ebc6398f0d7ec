"""Which task runs next: ready ones on the longest remaining path first."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.domain.decide import unmet_dependencies
from orchestrator.domain.mission import Mission, Task
from orchestrator.domain.plan import ESTIMATE_S, overlaps
from orchestrator.domain.words import TaskStatus


def remaining_path_s(tasks: Mapping[str, Task]) -> dict[str, float]:
    """For each task the estimated length of the longest chain that starts with it, in seconds."""
    dependents: dict[str, list[str]] = {task_id: [] for task_id in tasks}
    for task_id, task in tasks.items():
        for dependency in task.spec.depends_on:
            dependents[dependency].append(task_id)
    lengths: dict[str, float] = {}
    stack = list(tasks)
    while stack:
        task_id = stack[-1]
        missing = [d for d in dependents[task_id] if d not in lengths]
        if missing:
            stack.extend(missing)
            continue
        stack.pop()
        longest = max((lengths[d] for d in dependents[task_id]), default=0.0)
        lengths[task_id] = ESTIMATE_S[tasks[task_id].spec.size] + longest
    return lengths


class Scheduler:
    """Chooses among the open tasks of one mission. Path lengths are computed anew when the graph has changed."""

    def __init__(self, mission: Mission) -> None:
        """Watch this mission; the scheduler only reads it."""
        self._mission = mission
        self._lengths: dict[str, float] = {}
        self._graph: tuple[int, int] = (-1, -1)

    def ready(self, free_slots: int) -> list[str]:
        """At most `free_slots` ids of tasks that may start together now: no unmet dependency, no overlapping lease."""
        if free_slots <= 0:
            return []
        taken = [lease.write_set for lease in self._mission.leases.values()]
        chosen: list[str] = []
        for task in self._candidates():
            if any(overlaps(write_set, task.spec.write_set) for write_set in taken):
                continue
            chosen.append(task.spec.id)
            taken.append(task.spec.write_set)
            if len(chosen) == free_slots:
                break
        return chosen

    def _candidates(self) -> list[Task]:
        graph = (self._mission.plan_version, len(self._mission.tasks))
        if graph != self._graph:
            self._lengths = remaining_path_s(self._mission.tasks)
            self._graph = graph
        ready = [
            task
            for task in self._mission.tasks.values()
            if task.status is TaskStatus.OPEN and not task.is_paused and not unmet_dependencies(self._mission, task)
        ]
        return sorted(ready, key=lambda task: (-self._rank_s(task), task.spec.id))

    def _rank_s(self, task: Task) -> float:
        """A fixer stands in for the task whose dependents wait, so it ranks like that task."""
        while task.parent_id:
            task = self._mission.tasks[task.parent_id]
        return self._lengths[task.spec.id]
