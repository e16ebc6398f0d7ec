"""What a person changed in `todo.md`, as edits of the plan.

Task lines are known by their ids, never by their words. Ticking, unticking, striking, adding, renaming, moving and
indenting a line are edits; a line that was deleted comes back, because half a file looks just the same; every other
line is kept word for word.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from orchestrator.domain.plan import path_problem
from orchestrator.domain.revision import EditKind, PlanEdit
from orchestrator.domain.todo import PATHS_MARK, REFUSED_MARK

_TASK_LINE = re.compile(r"(?P<indent>[ \t]*)[-*+] \[(?P<mark>[^\]\n])\][ \t]+(?P<rest>\S.*?)[ \t\r]*\Z")
_NAMED = re.compile(r"(?P<id>[a-z0-9][a-z0-9._-]{0,63}): (?P<title>\S.*)\Z")
_TAB_WIDTH = 4


@dataclass(frozen=True, slots=True)
class TaskLine:
    """One line with a box: `task_id` ("" when it names no known task) and `above`, the task it is indented under."""

    task_id: str
    mark: str
    title: str
    paths: tuple[str, ...]
    above: str


@dataclass(slots=True)
class TodoText:
    """A parsed file: its task lines in order, and a person's own lines by the id of the task before them."""

    tasks: list[TaskLine] = field(default_factory=list[TaskLine])
    kept: dict[str, list[str]] = field(default_factory=dict[str, list[str]])


def parse(text: str, known: Collection[str], ours: Sequence[str]) -> TodoText:
    """Read a `todo.md`. `known` are the ids of the mission's tasks, `ours` the header lines that were written last."""
    parsed = TodoText()
    header = list(ours)
    stack: list[tuple[int, str]] = []
    seen: set[str] = set()
    last_id = ""
    for line in text.removesuffix("\n").split("\n"):
        match = _TASK_LINE.match(line)
        if match is None:
            if not last_id and not parsed.tasks and (line.startswith(REFUSED_MARK) or _taken(header, line)):
                continue
            parsed.kept.setdefault(last_id, []).append(line)
            continue
        width = len(match["indent"].expandtabs(_TAB_WIDTH))
        while stack and stack[-1][0] >= width:
            stack.pop()
        task = _task_line(match, known, seen, stack[-1][1] if stack else "")
        parsed.tasks.append(task)
        if task.task_id:
            seen.add(task.task_id)
            last_id = task.task_id
            stack.append((width, task.task_id))
    return parsed


def edits(before: TodoText, now: TodoText, taken: Collection[str]) -> list[PlanEdit]:
    """The edits that lead from one text to the other, in an order in which they can be made; `taken` ids are in use."""
    old = {task.task_id: task for task in before.tasks if task.task_id}
    result: list[PlanEdit] = []
    for task in now.tasks:
        if was := old.get(task.task_id):
            result.extend(_changes(was, task))
    result.extend(_moves(before, now))
    result.extend(_additions(now, set(taken)))
    return result


def _taken(header: list[str], line: str) -> bool:
    plain = line.removesuffix("\r")
    if plain in header:
        header.remove(plain)
        return True
    return False


def _task_line(match: re.Match[str], known: Collection[str], seen: set[str], above: str) -> TaskLine:
    rest = match["rest"]
    named = _NAMED.match(rest)
    task_id = named["id"] if named and named["id"] in known and named["id"] not in seen else ""
    words = named["title"] if named and task_id else rest
    title, mark, tail = words.rpartition(PATHS_MARK)
    if not mark:
        title, tail = words, ""
    return TaskLine(task_id, match["mark"], title.strip(), _paths(tail), above)


def _paths(tail: str) -> tuple[str, ...]:
    paths = tuple(part.strip() for part in tail.split(",") if part.strip())
    return paths if all(path_problem(path) is None for path in paths) else ()


def _changes(was: TaskLine, now: TaskLine) -> list[PlanEdit]:
    result: list[PlanEdit] = []
    if (kind := _mark_edit(was.mark, now.mark)) is not None:
        result.append(PlanEdit(kind, now.task_id))
    if now.title != was.title:
        result.append(PlanEdit(EditKind.RETITLE, now.task_id, title=now.title))
    return result


def _mark_edit(was: str, now: str) -> EditKind | None:
    """Marks that mean nothing to us count as open."""
    was, now = was.lower(), now.lower()
    if now in {was, "/"}:
        return None
    if now == "x":
        return EditKind.TICK
    if now == "-":
        return EditKind.STRIKE
    return EditKind.REOPEN if was in {"x", "-"} else None


def _moves(before: TodoText, now: TodoText) -> list[PlanEdit]:
    """A move for each known line that stands below another task than before, or out of order among its like."""
    above_before = {task.task_id: task.above for task in before.tasks if task.task_id}
    rank = {task.task_id: index for index, task in enumerate(before.tasks) if task.task_id}
    groups: dict[str, list[str]] = {}
    for task in now.tasks:
        if task.task_id in rank:
            groups.setdefault(task.above, []).append(task.task_id)
    result: list[PlanEdit] = []
    for above, ids in groups.items():
        stayed = [task_id for task_id in ids if above_before[task_id] == above]
        in_order = _longest_increasing([rank[task_id] for task_id in stayed])
        for index, task_id in enumerate(ids):
            if above_before[task_id] != above or rank[task_id] not in in_order:
                after = ids[index - 1] if index else ""
                result.append(PlanEdit(EditKind.MOVE, task_id, after_id=after, group_id=above))
    return result


def _additions(now: TodoText, taken: set[str]) -> list[PlanEdit]:
    result: list[PlanEdit] = []
    after: dict[str, str] = {}
    for task in now.tasks:
        task_id = task.task_id
        if not task_id:
            named = _NAMED.match(task.title)
            wanted, title = (named["id"], named["title"]) if named else (_slug(task.title), task.title)
            task_id = _free(wanted, taken)
            taken.add(task_id)
            result.append(
                PlanEdit(
                    EditKind.ADD,
                    task_id,
                    title=title,
                    write_set=task.paths,
                    after_id=after.get(task.above, ""),
                    group_id=task.above,
                )
            )
            if kind := _mark_edit(" ", task.mark):
                result.append(PlanEdit(kind, task_id))
        after[task.above] = task_id
    return result


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40].strip("-") or "task"


def _free(wanted: str, taken: set[str]) -> str:
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted[:58]}-{number}", number + 1
    return name


def _longest_increasing(values: Sequence[int]) -> set[int]:
    """The members of one longest increasing run of distinct numbers, not necessarily neighbours (patience sorting)."""
    tops: list[int] = []
    piles: list[int] = []
    before: dict[int, int | None] = {}
    for value in values:
        place = bisect_left(tops, value)
        before[value] = piles[place - 1] if place else None
        if place == len(tops):
            tops.append(value)
            piles.append(value)
        else:
            tops[place] = piles[place] = value
    kept: set[int] = set()
    value = piles[-1] if piles else None
    while value is not None:
        kept.add(value)
        value = before[value]
    return kept
