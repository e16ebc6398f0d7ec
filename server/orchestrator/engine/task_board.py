"""The scheduler of one mission, kept in step with its events."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from orchestrator.domain import events as e
from orchestrator.domain.mission import Mission, Task
from orchestrator.domain.revision import EditKind, line_below
from orchestrator.domain.words import TaskStatus
from orchestrator.engine.durations import Durations
from orchestrator.engine.scheduler import Job, Phase, Scheduler

_PHASES = {
    TaskStatus.OPEN: Phase.OPEN,
    TaskStatus.RUNNING: Phase.RUNNING,
    TaskStatus.FIXING: Phase.OUT,
    TaskStatus.FAILED: Phase.OUT,
    TaskStatus.DONE: Phase.SETTLED,
    TaskStatus.STRUCK: Phase.SETTLED,
}


class TaskBoard:
    """Follows a mission: each event changes what it names, and the mission itself is only read.

    Durations are learned while it runs; the open tasks are estimated anew when their number has doubled, so that all
    corrections together cost little more than the last.
    """

    def __init__(self, mission: Mission, durations: Durations, now_s: Callable[[], float]) -> None:
        """Begin with the mission as it stands. `now_s` is any clock that goes forward."""
        self._mission = mission
        self._durations = durations
        self._now_s = now_s
        self._begun_s: dict[str, float] = {}
        self._corrected_at = durations.count
        self._groups: dict[str, str] = {}
        self.scheduler = Scheduler()
        self._load()

    def follow(self, event: e.Event) -> None:
        """Take an event that has just been applied to the mission."""
        match event:
            case e.PlanAccepted():
                self.scheduler = Scheduler()
                self._load()
            case e.PlanRevised():
                self._revised(event)
            case e.TaskAdded():
                self._add(event)
            case e.AttemptStarted():
                self._begun_s[event.attempt_id] = self._now_s()
                self._touch((event.task_id,))
            case e.AttemptCommitted():
                self._learn(event)
            case e.MissionReopened():
                self._touch(self._mission.tasks)
            case (
                e.AttemptRefused()
                | e.AttemptInterrupted()
                | e.AttemptIntegrated()
                | e.TaskFailed()
                | e.TaskPaused()
                | e.TaskResumed()
                | e.TaskUndone()
            ):
                self._touch(self._line(event.task_id))
            case _:
                pass

    def give_back(self, task_id: str) -> None:
        """A task that was taken did not start; it stands as the mission says."""
        self._touch((task_id,))

    def _load(self) -> None:
        tasks = self._mission.tasks.values()
        self._groups = {task.spec.id: task.group_id for task in tasks}
        self.scheduler.load(self._job(task) for task in tasks)
        for task in tasks:
            if task.parent_id:
                self.scheduler.stand_in(task.spec.id, self._mission.root_of(task).spec.id)
        self._touch(self._mission.tasks)

    def _add(self, event: e.TaskAdded) -> None:
        task = self._mission.tasks[event.task.id]
        self.scheduler.load([self._job(task)])
        if task.parent_id:
            self.scheduler.stand_in(task.spec.id, self._mission.root_of(task).spec.id)
        self._touch(self._line(task.spec.id))

    def _revised(self, event: e.PlanRevised) -> None:
        tasks = self._mission.tasks
        named = [edit.task_id for edit in event.edits]
        added = [edit.task_id for edit in event.edits if edit.kind is EditKind.ADD]
        self.scheduler.load(self._job(tasks[task_id]) for task_id in added)
        regrouped: set[str] = set()
        for task_id in named:
            old, new = self._groups.get(task_id, ""), tasks[task_id].group_id
            if old != new:
                self._groups[task_id] = new
                regrouped |= {old, new} - {""}
        for group in regrouped:
            for waiting in [task for task in tasks.values() if group in task.spec.depends_on]:
                self.scheduler.depend(waiting.spec.id, self._waited_for(waiting))
        for task_id in named:
            self._touch(task.spec.id for task in line_below(tasks, tasks[task_id]))

    def _learn(self, event: e.AttemptCommitted) -> None:
        begun_s = self._begun_s.pop(event.attempt_id, None)
        if begun_s is None:
            return
        self._durations.observe(self._mission.tasks[event.task_id].spec, self._now_s() - begun_s)
        if self._durations.count >= 2 * self._corrected_at:
            self._corrected_at = self._durations.count
            open_tasks = self._mission.open_tasks()
            self.scheduler.estimate((task.spec.id, self._durations.estimate_s(task.spec)) for task in open_tasks)

    def _touch(self, task_ids: Iterable[str]) -> None:
        for task_id in task_ids:
            task = self._mission.tasks[task_id]
            phase = _PHASES[task.status]
            self.scheduler.put(task_id, Phase.OUT if phase is Phase.OPEN and task.is_paused else phase)

    def _job(self, task: Task) -> Job:
        spec = task.spec
        lane = self._mission.models.get(spec.role.value, "")
        write_set = tuple(dict.fromkeys(spec.write_set))
        return Job(spec.id, self._durations.estimate_s(spec), write_set, self._waited_for(task), lane)

    def _waited_for(self, task: Task) -> tuple[str, ...]:
        """What the task depends on, with the parts of those that have some; see `decide.unmet_dependencies`."""
        wanted = dict.fromkeys(task.spec.depends_on)
        if self._mission.groups:
            for dependency in task.spec.depends_on:
                wanted.update((part.spec.id, None) for part in self._mission.parts(dependency) if part is not task)
        return tuple(wanted)

    def _line(self, task_id: str) -> list[str]:
        """The task and those that it was made to mend."""
        line = [task_id]
        while parent_id := self._mission.tasks[line[-1]].parent_id:
            line.append(parent_id)
        return line
