"""The TODO list: a readable projection of a mission's tasks, with the lines that a person wrote between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestrator.domain.mission import Mission, Task
from orchestrator.domain.words import TaskStatus

MARKS: dict[TaskStatus, str] = {
    TaskStatus.OPEN: "[ ]",
    TaskStatus.RUNNING: "[/]",
    TaskStatus.FIXING: "[/]",
    TaskStatus.DONE: "[x]",
    TaskStatus.FAILED: "[ ]",
    TaskStatus.STRUCK: "[-]",
}
"""Failed work is open work: it keeps an empty box and says why."""

PATHS_MARK = " — "
"""What stands between a task's title and its write set."""
REFUSED_MARK = "> not taken: "
"""What begins a line that says why an edit of a person was not made."""
_SHOWN_PATHS = 4


def render(mission: Mission, kept: Mapping[str, Sequence[str]] | None = None, refused: Sequence[str] = ()) -> str:
    """`todo.md` for one mission: a heading, where it stands, and one line a task with its parts and fixers below it.

    `kept` are a person's own lines by the id of the task that they stand behind ("" for those before the first), word
    for word; `refused` says which of their edits were not made, and why.
    """
    own = kept or {}
    lines = [*header(mission), *(f"{REFUSED_MARK}{_one_line(reason)}" for reason in refused), *own.get("", ())]
    below: dict[str, list[Task]] = {}
    for task in mission.tasks.values():
        below.setdefault(task.parent_id or task.group_id, []).append(task)
    for task in below.get("", []):
        lines.extend(_lines(below, own, task, depth=0))
    return "\n".join(lines) + "\n"


def header(mission: Mission) -> list[str]:
    """The lines above the list."""
    done = sum(1 for task in mission.tasks.values() if task.status is TaskStatus.DONE)
    standing = f"Mission {mission.id}: {mission.standing.value}, {done} of {len(mission.tasks)} tasks done."
    return [f"# {_one_line(mission.text)}", "", standing, ""]


def line_of(task: Task, depth: int) -> str:
    """The line of one task."""
    more = " …" if len(task.spec.write_set) > _SHOWN_PATHS else ""
    paths = ", ".join(_one_line(path) for path in task.spec.write_set[:_SHOWN_PATHS]) + more
    reason = f" ({_one_line(task.reason)})" if task.reason else ""
    title = _one_line(task.spec.title)
    return f"{'  ' * depth}- {MARKS[task.status]} {task.spec.id}: {title}{PATHS_MARK}{paths}{reason}"


def _lines(below: dict[str, list[Task]], own: Mapping[str, Sequence[str]], task: Task, depth: int) -> list[str]:
    lines = [line_of(task, depth), *own.get(task.spec.id, ())]
    for other in below.get(task.spec.id, []):
        lines.extend(_lines(below, own, other, depth + 1))
    return lines


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]
