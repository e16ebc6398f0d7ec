"""The plan: a graph of tasks, and what makes one valid."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Literal

from orchestrator.domain.words import Role

MAX_TASKS = 10_000
_TASK_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}\Z")

EVERYWHERE = "*"
"""The write-set entry of a task that may write everywhere. Only a person may give it; such a task runs alone."""

SCRATCH = ".orchestrator_scratch/"
"""The folder at the top of a worktree for a session's own tests: they are run, and never kept."""

Size = Literal["small", "medium", "large"]
ESTIMATE_S: dict[Size, float] = {"small": 30.0, "medium": 120.0, "large": 300.0}


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """One task as it was planned.

    `write_set` holds relative paths with forward slashes that the task may create, change or delete; an entry that ends
    in "/" stands for everything below that folder. `checks` names declared checks that must pass for the task;
    `acceptance` says in words what else is expected.
    """

    id: str
    title: str
    why: str
    write_set: tuple[str, ...]
    depends_on: tuple[str, ...] = ()
    instructions: str = ""
    acceptance: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    size: Size = "small"
    role: Role = Role.WORKER


@dataclass(frozen=True, slots=True)
class PlanProblem:
    """One thing wrong with a plan; `task_id` is "" when it concerns the whole."""

    code: str
    task_id: str
    message: str

    def describe(self) -> str:
        """One line for the planner's next try."""
        return f"task {self.task_id}: {self.message}" if self.task_id else self.message


def covers(entry: str, path: str) -> bool:
    """Whether a write-set entry allows writing `path`."""
    return entry in {EVERYWHERE, path} or (entry.endswith("/") and path.startswith(entry))


def overlaps(one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether two write sets could touch the same file, or one needs a folder where the other has a file."""
    others = tuple(other)
    return any(EVERYWHERE in {a, b} or a == b or _is_below(a, b) or _is_below(b, a) for a in one for b in others)


def _is_below(entry: str, folder: str) -> bool:
    return entry.startswith(folder if folder.endswith("/") else folder + "/")


def outside(write_set: Sequence[str], paths: Iterable[str]) -> tuple[str, ...]:
    """The paths that no entry of the write set covers."""
    return tuple(p for p in paths if not any(covers(entry, p) for entry in write_set))


def is_scratch(path: str) -> bool:
    """Whether a path is the folder of scratch tests or below it."""
    return f"{path}/".startswith(SCRATCH)


def path_problem(path: str) -> str | None:
    """Why a path can never be in a write set, or None. Symlinks are the workspace's business."""
    parts = path.removesuffix("/").split("/")
    if not path.strip("/") or "\\" in path or "\0" in path:
        return "is empty or holds a backslash or NUL"
    if path.startswith("/") or re.match(r"[A-Za-z]:", path):
        return "is absolute; paths are relative to the workspace"
    if any(part in {"", ".", ".."} for part in parts):
        return "holds an empty, '.' or '..' part"
    if any(part.lower() == ".git" for part in parts):
        return "is inside .git"
    if is_scratch(path):
        return "is for scratch tests, which are never kept"
    if path.rstrip("/") in {".opencode", ".opencode/todo.md", ".opencode/summary.md"}:
        return "belongs to the mission server"
    return None


def validate(tasks: Sequence[TaskSpec], known_checks: Iterable[str]) -> list[PlanProblem]:
    """Every problem of a plan (none means valid): size, ids, dependencies, cycles, write sets, checks."""
    problems: list[PlanProblem] = []
    if not tasks:
        problems.append(PlanProblem("empty_plan", "", "the plan has no task"))
    if len(tasks) > MAX_TASKS:
        problems.append(PlanProblem("too_many_tasks", "", f"{len(tasks)} tasks; at most {MAX_TASKS} are allowed"))
    ids = {task.id for task in tasks}
    seen: set[str] = set()
    checks = frozenset(known_checks)
    for task in tasks:
        if task.id in seen:
            problems.append(PlanProblem("duplicate_id", task.id, "the id is used twice"))
        seen.add(task.id)
        problems.extend(_task_problems(task, ids, checks))
    problems.extend(_cycle(tasks, ids))
    return problems


def _task_problems(task: TaskSpec, ids: set[str], checks: frozenset[str]) -> Iterable[PlanProblem]:
    if not _TASK_ID.match(task.id):
        yield PlanProblem(
            "bad_id",
            task.id,
            "an id is 1 to 64 of a-z, 0-9, '.', '_', '-' and starts with a-z or 0-9",
        )
    if not task.title.strip():
        yield PlanProblem("no_title", task.id, "the title is empty")
    if not task.write_set:
        yield PlanProblem("no_write_set", task.id, "the write set is empty")
    for path in task.write_set:
        if path != EVERYWHERE and (reason := path_problem(path)):
            yield PlanProblem("bad_path", task.id, f"write set entry {path!r} {reason}")
    for dependency in task.depends_on:
        if dependency not in ids:
            yield PlanProblem(
                "unknown_dependency",
                task.id,
                f"depends on {dependency!r}, which is not in the plan",
            )
    for check in task.checks:
        if check not in checks:
            known = ", ".join(sorted(checks)) or "none"
            yield PlanProblem("unknown_check", task.id, f"check {check!r} does not exist (known checks: {known})")


def _cycle(tasks: Sequence[TaskSpec], ids: set[str]) -> Iterable[PlanProblem]:
    sorter = TopologicalSorter({t.id: [d for d in t.depends_on if d in ids] for t in tasks})
    try:
        sorter.prepare()
    except CycleError as error:
        yield PlanProblem("cycle", "", "the dependencies form a cycle: " + " -> ".join(error.args[1]))
