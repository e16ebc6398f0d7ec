"""Means for calls: the worst case is reserved before each one and settled after it."""

from __future__ import annotations

from orchestrator.domain.budget import Amounts, Limit, Reservation, nodes_of
from orchestrator.domain.commands import Reserve, Settle
from orchestrator.domain.question import Question
from orchestrator.domain.violation import RuleViolation
from orchestrator.domain.words import Answer, MissionStatus, QuestionKind, Role
from orchestrator.engine.asking import answered, ask
from orchestrator.engine.ledger import Ledger
from orchestrator.errors import OrchestratorError
from orchestrator.ports.clock import Ids


class BudgetDenied(OrchestratorError):
    """The call would break a limit and nobody raised it."""


class Treasurer:
    """The budget of one mission as sessions see it."""

    def __init__(self, ledger: Ledger, ids: Ids) -> None:
        """Keep the account of this ledger's mission."""
        self._ledger = ledger
        self._ids = ids
        self._denied: set[Limit] = set()
        """Limits that a person refused to raise. One that is set anew is another limit, and asked about again."""

    async def reserve(self, session_id: str, role: Role, task_id: str, worst: Amounts) -> str:
        """Hold the worst case of a call back and answer the reservation's id.

        Where a limit is reached, a person is asked and the call waits, with everything kept. Raises BudgetDenied when
        they say no.
        """
        phase = "planning" if self._ledger.mission.status is MissionStatus.PLANNING else "work"
        reservation = Reservation(self._ids.new("b"), nodes_of(role.value, task_id, phase), worst)
        while True:
            try:
                await self._ledger.do(Reserve(session_id, reservation))
            except RuleViolation as error:
                if error.code != "budget_exhausted":
                    raise
                if overrun := self._ledger.mission.budget.overrun(reservation):
                    await self._ask(overrun.limit, error.message)
            else:
                return reservation.id

    async def settle(self, reservation_id: str, used: Amounts) -> None:
        """Say what the call really used. Raises RuleViolation for an unknown reservation."""
        await self._ledger.do(Settle(reservation_id, used))

    async def _ask(self, limit: Limit, reason: str) -> None:
        """One question at a time; each session that was let through, or waited for another limit's, tries again."""
        mission = self._ledger.mission
        denied = BudgetDenied("budget_exhausted", reason, "raise the limit (budget/change), or end the mission")
        if limit in self._denied:
            raise denied
        subject = f"{limit.node} {limit.resource} {limit.amount}"
        asked = next((q for q in mission.questions.values() if q.kind is QuestionKind.BUDGET), None)
        if asked:
            answer = await answered(self._ledger, asked.id)
            if asked.subject != subject:
                return
        else:
            text = f"{reason}. Raise the limit and allow, or deny to end what needs it."
            question = Question(self._ids.new("q"), QuestionKind.BUDGET, text, subject, timeout_s=0)
            answer = await ask(self._ledger, question)
        if answer.answer is Answer.DENY:
            self._denied.add(limit)
            raise denied
