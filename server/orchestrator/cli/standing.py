"""How a mission stands, in words: what it waits for, and what to type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrator_protocol.plain.shapes import MissionStatusResult, QuestionView, TaskView

ENDED = frozenset({"sealed", "unverified", "failed", "stopped"})
"""The final states of a mission."""
_MARKS = {"open": "[ ]", "running": "[/]", "fixing": "[/]", "done": "[x]", "failed": "[!]", "struck": "[-]"}


def waits_for(status: MissionStatusResult) -> list[str]:
    """What a person must do for the mission to go on, one line each; none when it needs nobody."""
    if status["status"] in ENDED:
        return []
    name = status["missionId"]
    lines = [_question(name, question) for question in status["questions"]]
    if status["pauseReason"]:
        lines.append(f"{name} is paused ({status['pauseReason']}): orchestrator resume {name}")
    lines += [
        f"task {task['id']} is paused: orchestrator resume {name} --task {task['id']}"
        for task in status["tasks"]
        if task["isPaused"]
    ]
    return lines


def how_it_ended(status: MissionStatusResult) -> str:
    """The final state, and whether the work was taken back since."""
    return f"{status['status']}, undone" if status["isUndone"] else status["status"]


def kept_work(status: MissionStatusResult) -> str:
    """How to reach the work of a mission that ended without a seal; "" when there is none, or the hint says it."""
    is_kept = status["status"] in ENDED - {"sealed"} and status["counts"]["done"] and not status["isUndone"]
    if not is_kept or status["isDelivered"] or "orchestrator deliver" in status["endHint"]:
        return ""
    return f"the work is kept: orchestrator deliver {status['missionId']}"


def counted(number: int, noun: str) -> str:
    """A number and its noun."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _question(name: str, question: QuestionView) -> str:
    if question["kind"] == "plan":
        return f"{name} waits for its plan to be approved: orchestrator approve {name}"
    until = f", denied after {question['timeoutS'] / 60:.0f} minutes" if question["timeoutS"] else ""
    more = " --budget-tokens N" if question["kind"] == "budget" else ""
    how = f"orchestrator answer allow {name} --question {question['id']}{more}"
    return f"{name} asks (about {question['kind']}{until}): {question['text']} Answer: {how}"


def task_lines(tasks: Sequence[TaskView]) -> Iterator[str]:
    """One line a task, its fixers and parts below it."""
    known = {task["id"] for task in tasks}
    below: dict[str, list[TaskView]] = {}
    for task in tasks:
        above = task["parentId"] or task["groupId"]
        below.setdefault(above if above in known else "", []).append(task)
    yield from _nested(below, "", 0)


def _nested(below: dict[str, list[TaskView]], above: str, depth: int) -> Iterator[str]:
    for task in below.pop(above, []):
        paused = f" ({task['waiting'] or 'paused'})" if task["isPaused"] or task["waiting"] else ""
        reason = f" ({' '.join(task['reason'].split())})" if task["reason"] else ""
        title = " ".join(task["title"].split())
        yield f"{'  ' * depth}- {_MARKS[task['status']]} {task['id']}: {title}{paused}{reason}"
        yield from _nested(below, task["id"], depth + 1)
