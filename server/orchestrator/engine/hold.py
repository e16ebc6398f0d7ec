"""Holding sessions while a person has paused their mission or task."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass

import anyio

from orchestrator.domain.words import QuestionKind
from orchestrator.engine.ledger import Ledger


@dataclass(slots=True, eq=False)
class _Deadline:
    """A deadline that stands still while its task is held; `left_s` is what is left of it then."""

    task_id: str
    scope: anyio.CancelScope
    left_s: float = math.inf
    is_standing: bool = False


class Hold:
    """Answers whether a task's session may take its next step, and keeps pauses out of deadlines.

    `watch` must run beside the sessions. One instance serves one mission.
    """

    def __init__(self, ledger: Ledger) -> None:
        """Watch the mission of this ledger."""
        self._ledger = ledger
        self._deadlines: list[_Deadline] = []

    def is_held(self, task_id: str) -> bool:
        """Whether the mission, or this task ("" for the planner's session), is paused."""
        mission = self._ledger.mission
        task = mission.tasks.get(task_id)
        return mission.is_paused or (task is not None and task.is_paused)

    async def passable(self, task_id: str = "") -> None:
        """Wait until neither the mission nor the task is paused."""
        while self.is_held(task_id):
            await self._ledger.changed_since(self._ledger.mission.version)

    @contextmanager
    def deadline(self, task_id: str, timeout_s: float) -> Generator[Callable[[float], None]]:
        """Raise TimeoutError when the body takes longer than `timeout_s`, pauses not counted.

        Gives a function that begins the time anew, with so many seconds.
        """
        with anyio.CancelScope(deadline=anyio.current_time() + timeout_s) as scope:
            held = _Deadline(task_id, scope)
            self._deadlines.append(held)
            self._adjust(held)

            def begin_anew(left_s: float) -> None:
                held.left_s = left_s
                if not held.is_standing:
                    scope.deadline = anyio.current_time() + left_s

            try:
                yield begin_anew
            finally:
                self._deadlines.remove(held)
        if scope.cancelled_caught:
            raise TimeoutError

    async def watch(self) -> None:
        """Stop and start the deadlines as pauses come and go, until cancelled."""
        while True:
            version = self._ledger.mission.version
            for held in self._deadlines:
                self._adjust(held)
            await self._ledger.changed_since(version)

    def _adjust(self, held: _Deadline) -> None:
        questions = self._ledger.mission.questions.values()
        is_held = self.is_held(held.task_id) or any(
            question.kind is QuestionKind.BUDGET
            or (question.kind is QuestionKind.CLARIFICATION and question.task_id == held.task_id)
            for question in questions
        )
        if is_held and not held.is_standing:
            held.left_s = held.scope.deadline - anyio.current_time()
            held.scope.deadline = math.inf
        elif held.is_standing and not is_held:
            held.scope.deadline = anyio.current_time() + held.left_s
        held.is_standing = is_held
