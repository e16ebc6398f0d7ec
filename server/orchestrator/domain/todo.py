"""The TODO list: a readable projection of a mission's tasks."""

from __future__ import annotations

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


def render(mission: Mission) -> str:
    """`todo.md` for one mission: a heading, where it stands, and one line a task with its fixers below it."""
    done = sum(1 for task in mission.tasks.values() if task.status is TaskStatus.DONE)
    lines = [
        f"# {_one_line(mission.text)}",
        "",
        f"Mission {mission.id}: {mission.status.value}, {done} of {len(mission.tasks)} tasks done.",
        "",
    ]
    fixers: dict[str, list[Task]] = {}
    for task in mission.tasks.values():
        fixers.setdefault(task.parent_id, []).append(task)
    for task in fixers.get("", []):
        lines.extend(_lines(fixers, task, depth=0))
    return "\n".join(lines) + "\n"


def _lines(fixers: dict[str, list[Task]], task: Task, depth: int) -> list[str]:
    more = " …" if len(task.spec.write_set) > 4 else ""
    paths = ", ".join(_one_line(path) for path in task.spec.write_set[:4]) + more
    reason = f" ({_one_line(task.reason)})" if task.reason else ""
    title = _one_line(task.spec.title)
    lines = [f"{'  ' * depth}- {MARKS[task.status]} {task.spec.id}: {title} — {paths}{reason}"]
    for other in fixers.get(task.spec.id, []):
        lines.extend(_lines(fixers, other, depth + 1))
    return lines


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]
