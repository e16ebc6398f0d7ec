"""The toolbox of a session as the engine hands it out: it waits while the task is held, and every call is an event."""

from __future__ import annotations

import json
from collections.abc import Mapping

import anyio

from orchestrator.domain.budget import MISSION, Amounts
from orchestrator.domain.events import ToolCalled
from orchestrator.domain.mission import Answered
from orchestrator.domain.question import Question
from orchestrator.domain.words import QuestionKind
from orchestrator.engine.asking import ask
from orchestrator.engine.budgeting import BudgetDenied, Treasurer
from orchestrator.engine.fuses import Fuse
from orchestrator.engine.ledger import Ledger
from orchestrator.engine.rooms import MissionRooms
from orchestrator.ports.host import SessionSpec, Toolbox, ToolDescription, ToolError

_SUBJECT_KEYS = ("path", "command", "pattern", "name", "query", "url", "rule")
MAX_SUBJECT_CHARACTERS = 200


class SessionTools:
    """Wraps the tools of one session and keeps its share of the budget; see `ports.host.SessionRoom`."""

    def __init__(self, inner: Toolbox, ledger: Ledger, rooms: MissionRooms, spec: SessionSpec, fuse: Fuse) -> None:
        """Record the calls of this session in its mission's ledger."""
        self._inner = inner
        self._ledger = ledger
        self._hold = rooms.hold
        self._ids = rooms.shared.ids
        self._treasurer = Treasurer(ledger, self._ids)
        self._spec = spec
        self._fuse = fuse
        self._reserved: dict[str, Amounts] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Tools this role may call."""
        return self._inner.names

    def describe(self) -> tuple[ToolDescription, ...]:
        """The same tools, described."""
        return self._inner.describe()

    async def call(self, name: str, arguments: Mapping[str, object]) -> dict[str, object]:
        """Wait for a pause to end, run the tool, record the call. Raises ToolError."""
        await self._hold.passable(self._spec.task_id)
        await self._count()
        begun_s = anyio.current_time()
        code = came = ""
        try:
            with self._fuse.busy():
                result = await self._inner.call(name, arguments)
            came = json.dumps(result, default=str)
        except ToolError as error:
            code = came = error.code
            raise
        else:
            return result
        finally:
            duration_s = anyio.current_time() - begun_s
            called = ToolCalled(
                self._spec.session_id,
                self._spec.task_id,
                name[:100],
                _subject(arguments),
                code,
                duration_s,
                0 if code else len(came),
            )
            if not self._ledger.mission.status.is_terminal:
                await self._ledger.note(called)
            self._fuse.called(name, json.dumps(arguments, default=str, sort_keys=True), came)

    async def _count(self) -> None:
        """Count the call where calls are limited. Raises ToolError when no more are allowed."""
        if (MISSION, "tool_calls") not in self._ledger.mission.budget.limits:
            return
        one = Amounts(tool_calls=1)
        try:
            await self.settle(await self.reserve(one), one)
        except BudgetDenied as error:
            raise ToolError(error.code, error.message, "end your turn with what you have") from error

    async def reserve(self, worst: Amounts) -> str:
        """Hold back the worst case of a model call; see `ports.host.SessionRoom`."""
        await self._hold.passable(self._spec.task_id)
        with self._fuse.busy():
            spec = self._spec
            reservation_id = await self._treasurer.reserve(spec.session_id, spec.role, spec.task_id, worst)
        self._reserved[reservation_id] = worst
        return reservation_id

    async def settle(self, reservation_id: str, used: Amounts) -> None:
        """Say what the call used."""
        self._reserved.pop(reservation_id, None)
        with self._fuse.busy():
            await self._treasurer.settle(reservation_id, used)

    async def ask(self, subject: str, text: str) -> Answered:
        """A person's leave; see `ports.host.SessionRoom`."""
        task_id = self._spec.task_id
        lease = self._ledger.mission.leases.get(task_id)
        attempt_id = lease.attempt_id if lease else ""
        question = Question(self._ids.new("q"), QuestionKind.PERMISSION, text, subject, task_id, attempt_id)
        with self._fuse.busy():
            return await ask(self._ledger, question)

    async def end(self) -> None:
        """The session is over: a call that was cut off counts with its worst case, because nobody knows better."""
        while self._reserved and not self._ledger.mission.status.is_terminal:
            await self._treasurer.settle(*self._reserved.popitem())


def _subject(arguments: Mapping[str, object]) -> str:
    """What the call is about, in short: its path, command or pattern."""
    for key in _SUBJECT_KEYS:
        value = arguments.get(key)
        if isinstance(value, str) and value:
            return " ".join(value.split())[:MAX_SUBJECT_CHARACTERS]
    return ""
