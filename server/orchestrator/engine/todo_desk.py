"""Keeping `todo.md` and the plan in step: a person's edits become revisions, and the plan becomes the file."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import anyio

from orchestrator.domain import todo
from orchestrator.domain.commands import RevisePlan
from orchestrator.domain.mission import Mission
from orchestrator.domain.revision import EditKind, PlanEdit
from orchestrator.domain.todo_edits import edits, parse
from orchestrator.domain.violation import RuleViolation
from orchestrator.domain.words import TaskStatus
from orchestrator.engine.ledger import Ledger
from orchestrator.ports.todo import TodoFile, TodoPair

_log = logging.getLogger(__name__)
PERSON = "todo.md"
"""Who an edit of the file is by, in the journal."""
_TRIES = 5
"""How often a person may save the file while it is written before the next sync takes over."""
_OPEN = frozenset({TaskStatus.OPEN, TaskStatus.RUNNING, TaskStatus.FIXING})

Kept = dict[str, list[str]]


class TodoDesk:
    """One workspace's `todo.md`. Calls of `sync` are one after another."""

    def __init__(self, file: TodoFile, ledger_of: Callable[[str], Ledger]) -> None:
        """Write this file for the missions that `ledger_of` answers."""
        self._file = file
        self._ledger_of = ledger_of
        self._lock = anyio.Lock()
        self._stamp = (0, 0, 0)
        self._refused: list[str] = []

    async def is_edited(self) -> bool:
        """Whether somebody else has written the file since the last sync."""
        return await anyio.to_thread.run_sync(self._file.stamp) != self._stamp

    async def sync(self, mission_id: str) -> None:
        """Take a person's edits of the file, then write it anew. Raises WorkspaceError, JournalError."""
        async with self._lock:
            ledger = self._ledger_of(mission_id)
            pair = await anyio.to_thread.run_sync(self._file.read)
            for _ in range(_TRIES):
                kept = await self._take(ledger, pair)
                if kept is None:
                    break
                text = todo.render(ledger.mission, kept, self._refused)
                if text == pair.now == pair.base:
                    break
                saved = None
                if text != pair.now:
                    saved = await anyio.to_thread.run_sync(self._file.write, text, pair.now)
                if saved is None:
                    await anyio.to_thread.run_sync(self._file.settle, text)
                    break
                pair = TodoPair(saved, pair.base)
            self._stamp = await anyio.to_thread.run_sync(self._file.stamp)

    async def _take(self, ledger: Ledger, pair: TodoPair) -> Kept | None:
        """Make the edits that the file holds; a person's own lines, None to leave it as it is until there is a plan."""
        mission = ledger.mission
        if pair.now is None or pair.base is None:
            return {}
        ours = pair.base.split("\n", 4)[:4]
        if not any(line.startswith(f"Mission {mission.id}:") for line in ours):
            # The list of an earlier mission: its tasks are history, a person's own lines stay.
            old = parse(pair.now, (), ours)
            return {"": [line for lines in old.kept.values() for line in lines]}
        before, now = (parse(text, mission.tasks.keys(), ours) for text in (pair.base, pair.now))
        if found := edits(before, now, mission.tasks.keys()):
            if not mission.plan_version and not mission.status.is_terminal:
                return None
            self._refused = []
            for group in _groups(found):
                await self._revise(ledger, group)
        return now.kept

    async def _revise(self, ledger: Ledger, found: Sequence[PlanEdit]) -> None:
        wanted = tuple(edit for edit in found if not _is_so_already(ledger.mission, edit))
        if not wanted:
            return
        try:
            await ledger.do(RevisePlan(ledger.mission.plan_version, PERSON, wanted))
        except RuleViolation as error:
            _log.info("an edit of todo.md was not taken: %s", error)
            first = wanted[0]
            title = f" ({first.title})" if first.title else ""
            self._refused.append(f"{first.kind.value} {first.task_id}{title}: {error}")


def _groups(found: Sequence[PlanEdit]) -> list[list[PlanEdit]]:
    """Edits that stand or fall together: a new line with its mark; others alone, so that one can't block the rest."""
    groups: list[list[PlanEdit]] = []
    added = ""
    for edit in found:
        if added and edit.task_id == added:
            groups[-1].append(edit)
        else:
            groups.append([edit])
        if edit.kind is EditKind.ADD:
            added = edit.task_id
    return groups


def _is_so_already(mission: Mission, edit: PlanEdit) -> bool:
    """Whether the edit would change nothing, as when a server died between the file and its memory of it."""
    task = mission.tasks.get(edit.task_id)
    if task is None:
        return False
    match edit.kind:
        case EditKind.TICK:
            return task.status is TaskStatus.DONE
        case EditKind.STRIKE:
            return task.status is TaskStatus.STRUCK
        case EditKind.REOPEN:
            return task.status in _OPEN
        case EditKind.RETITLE:
            return task.spec.title == edit.title
        case _:
            return False
