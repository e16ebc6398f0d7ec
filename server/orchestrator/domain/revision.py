"""Revisions: what a person changes in a plan, by id and against the version that they saw.

A revision is a list of edits that are taken together or not at all. Every rule about them is in `check`; `apply` is
what happens when they are in the journal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from orchestrator.domain.mission import Mission, Task
from orchestrator.domain.plan import EVERYWHERE, MAX_TASKS, TaskSpec, path_problem, validate
from orchestrator.domain.words import TaskStatus

MAX_EDITS: Final = 1_000
MAX_DEPTH: Final = 8
"""How deep parts of parts may nest."""


class EditKind(StrEnum):
    """What one edit does.

    `ADD` a task; `TICK` it as done by the person; `STRIKE` it off the list; `REOPEN` one that was ticked, struck, done
    or failed; `RETITLE` it; `MOVE` it behind another one and into another group.
    """

    ADD = "add"
    TICK = "tick"
    STRIKE = "strike"
    REOPEN = "reopen"
    RETITLE = "retitle"
    MOVE = "move"


@dataclass(frozen=True, slots=True)
class PlanEdit:
    """One edit of the task `task_id` (for `ADD`: its new id).

    `title` is for ADD and RETITLE; `write_set`, `depends_on`, `instructions`, `why`, `acceptance` and `checks` for ADD
    (no write set: the task may write everywhere and so runs alone). `after_id` is the task behind which ADD and MOVE
    put it ("": to the front of its group), `group_id` the task that it is a part of ("": none); who depends on a task
    waits for its parts too.
    """

    kind: EditKind
    task_id: str
    title: str = ""
    write_set: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    instructions: str = ""
    after_id: str = ""
    group_id: str = ""
    why: str = ""
    acceptance: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EditProblem:
    """Why an edit can't be made: a code and a sentence."""

    code: str
    message: str


_CLOSED = frozenset({TaskStatus.DONE, TaskStatus.STRUCK, TaskStatus.FAILED})


def check(mission: Mission, edits: Sequence[PlanEdit]) -> EditProblem | None:
    """The first thing that is wrong with a revision, edits seen one after another; None when it may be made."""
    if not edits:
        return EditProblem("empty_revision", "the revision holds no edit")
    if len(edits) > MAX_EDITS:
        return EditProblem("revision_too_large", f"{len(edits)} edits; at most {MAX_EDITS} are taken at once")
    tasks = dict(mission.tasks)
    for edit in edits:
        is_new = edit.kind is EditKind.ADD
        problem = _add_problem(mission, tasks, edit) if is_new else _change_problem(mission, tasks, edit)
        if problem:
            return problem
        if edit.kind is EditKind.ADD:
            tasks[edit.task_id] = Task(_spec(edit), group_id=edit.group_id)
        elif edit.kind is EditKind.MOVE:
            tasks[edit.task_id] = replace(tasks[edit.task_id], group_id=edit.group_id)
    return _graph_problem(tasks)


def _add_problem(mission: Mission, tasks: dict[str, Task], edit: PlanEdit) -> EditProblem | None:
    if edit.task_id in tasks:
        return EditProblem("duplicate_id", f"there is a task {edit.task_id!r} already")
    if len(tasks) >= MAX_TASKS:
        return EditProblem("too_many_tasks", f"a plan has at most {MAX_TASKS} tasks")
    for path in edit.write_set:
        if reason := path_problem(path):
            return EditProblem("bad_path", f"write set entry {path!r} {reason}")
    if unknown := set(edit.checks) - {check.name for check in mission.checks}:
        return EditProblem("unknown_check", f"check {min(unknown)!r} does not exist")
    return _place_problem(tasks, edit)


def _change_problem(mission: Mission, tasks: dict[str, Task], edit: PlanEdit) -> EditProblem | None:
    task = tasks.get(edit.task_id)
    if task is None:
        return EditProblem("unknown_task", f"there is no task {edit.task_id!r}")
    status = task.status
    match edit.kind:
        case EditKind.TICK | EditKind.STRIKE:
            if task.parent_id:
                return EditProblem("task_is_fixer", f"task {task.spec.id} mends {task.parent_id}; edit that one")
            if busy := [other.spec.id for other in line_below(tasks, task) if other.spec.id in mission.leases]:
                return EditProblem("task_running", f"task {busy[0]} is running; stop it first")
            if status is TaskStatus.DONE and task.merged_to:
                return EditProblem("task_closed", f"task {task.spec.id} is done and merged; undo it instead")
        case EditKind.REOPEN:
            if status not in _CLOSED or task.parent_id:
                return EditProblem("task_not_closed", f"task {task.spec.id} is {status.value}")
        case EditKind.RETITLE:
            if not edit.title.strip():
                return EditProblem("no_title", f"the new title of {task.spec.id} is empty")
        case EditKind.MOVE | EditKind.ADD:  # every kind has an arm
            return _place_problem(tasks, edit)
    return None


def _place_problem(tasks: dict[str, Task], edit: PlanEdit) -> EditProblem | None:
    for other in (edit.after_id, edit.group_id):
        if other and other not in tasks:
            return EditProblem("unknown_task", f"there is no task {other!r}")
    if edit.task_id in {edit.after_id, edit.group_id}:
        return EditProblem("bad_place", f"task {edit.task_id} can't stand behind or below itself")
    group = edit.group_id
    for _ in range(MAX_DEPTH):
        if not group:
            return None
        if group == edit.task_id:
            return EditProblem("bad_place", f"task {edit.task_id} can't be a part of one of its own parts")
        if tasks[group].parent_id:
            return EditProblem("bad_place", f"task {group} mends another one; nothing can be a part of it")
        group = tasks[group].group_id
    return EditProblem("bad_place", f"parts nest at most {MAX_DEPTH} deep")


def _graph_problem(tasks: dict[str, Task]) -> EditProblem | None:
    """Added tasks obey the rules of every plan; a part must not be waited for by what its group waits for."""
    specs = [replace(task.spec, depends_on=_waited_for(tasks, task), checks=()) for task in tasks.values()]
    for problem in validate(specs, ()):
        return EditProblem(problem.code, problem.describe())
    return None


def _waited_for(tasks: dict[str, Task], task: Task) -> tuple[str, ...]:
    parts = {other.spec.id for other in tasks.values() if other.group_id in task.spec.depends_on}
    return (*task.spec.depends_on, *sorted(parts - {task.spec.id}))


def apply(mission: Mission, edits: Sequence[PlanEdit]) -> None:
    """Make the edits. They were checked against the same state."""
    for edit in edits:
        match edit.kind:
            case EditKind.ADD:
                mission.tasks[edit.task_id] = Task(_spec(edit), group_id=edit.group_id)
                _place(mission, edit)
            case EditKind.TICK | EditKind.STRIKE:
                _close(mission, edit)
            case EditKind.REOPEN:
                reopen(mission, edit.task_id)
            case EditKind.RETITLE:
                task = mission.tasks[edit.task_id]
                task.spec = replace(task.spec, title=edit.title)
            case EditKind.MOVE:  # every kind has an arm
                mission.tasks[edit.task_id].group_id = edit.group_id
                _place(mission, edit)
    mission.groups = {task.group_id for task in mission.tasks.values() if task.group_id}


def line_below(tasks: dict[str, Task], task: Task) -> list[Task]:
    """The task and the tasks that were made to mend it, or one another, in their order."""
    line = [task]
    for other in tasks.values():
        if other.parent_id and any(other.parent_id == above.spec.id for above in line):
            line.append(other)
    return line


def _close(mission: Mission, edit: PlanEdit) -> None:
    """Close a task; what was to mend it is not needed any more."""
    task, *fixers = line_below(mission.tasks, mission.tasks[edit.task_id])
    task.status = TaskStatus.DONE if edit.kind is EditKind.TICK else TaskStatus.STRUCK
    _strike(fixers)


def _strike(fixers: Sequence[Task]) -> None:
    """What was to mend a task that is closed or begun anew is not needed any more, also where it had failed."""
    for fixer in fixers:
        if fixer.status is not TaskStatus.DONE:
            fixer.status = TaskStatus.STRUCK


def reopen(mission: Mission, task_id: str) -> None:
    """Make a closed task open again, with all its tries before it."""
    task, *fixers = line_below(mission.tasks, mission.tasks[task_id])
    _strike(fixers)
    task.status = TaskStatus.OPEN
    task.fix_count = 0
    task.reason = ""
    task.merged_from = task.merged_to = ""


def _place(mission: Mission, edit: PlanEdit) -> None:
    """Put the task right behind `after_id`, or in front of the first other task of its group."""
    moved = mission.tasks.pop(edit.task_id)
    placed: dict[str, Task] = {}
    is_placed = False
    for task_id, task in mission.tasks.items():
        if not is_placed and not edit.after_id and task.group_id == edit.group_id and not task.parent_id:
            placed[edit.task_id] = moved
            is_placed = True
        placed[task_id] = task
        if task_id == edit.after_id:
            placed[edit.task_id] = moved
            is_placed = True
    if not is_placed:
        placed[edit.task_id] = moved
    mission.tasks = placed


def _spec(edit: PlanEdit) -> TaskSpec:
    return TaskSpec(
        id=edit.task_id,
        title=edit.title,
        why=edit.why or "a person added it",
        write_set=edit.write_set or (EVERYWHERE,),
        depends_on=edit.depends_on,
        instructions=edit.instructions,
        acceptance=edit.acceptance,
        checks=edit.checks,
        size="medium",
    )
