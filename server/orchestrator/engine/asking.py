"""Asking a person, and waiting for the answer."""

from __future__ import annotations

import math
from contextlib import suppress

import anyio

from orchestrator.domain.commands import AnswerQuestion, Ask
from orchestrator.domain.mission import Answered
from orchestrator.domain.question import Question
from orchestrator.domain.violation import RuleViolation
from orchestrator.domain.words import Answer
from orchestrator.engine.ledger import Ledger

_DEADLINE = "deadline"


async def ask(ledger: Ledger, question: Question) -> Answered:
    """The answer to a question: a person's, an earlier `always`, or a denial once its deadline has passed.

    Cancelled, the question is withdrawn. Raises RuleViolation when it may not be asked (too many are open).
    """
    if not await ledger.do(Ask(question)):
        return Answered(Answer.ALLOW, "an earlier answer", "")
    try:
        with anyio.move_on_after(question.timeout_s or math.inf):
            return await answered(ledger, question.id)
        return await _close(ledger, question.id, _DEADLINE, f"nobody answered within {question.timeout_s:.0f} s")
    except BaseException:
        with anyio.CancelScope(shield=True):
            if not ledger.mission.status.is_terminal:
                await _close(ledger, question.id, "server", "whoever asked is gone")
        raise


async def answered(ledger: Ledger, question_id: str) -> Answered:
    """Wait until a question is decided."""
    while (answer := ledger.mission.answers.get(question_id)) is None:
        await ledger.changed_since(ledger.mission.version)
    return answer


async def _close(ledger: Ledger, question_id: str, by: str, text: str) -> Answered:
    with suppress(RuleViolation):  # a person was faster: theirs counts
        await ledger.do(AnswerQuestion(question_id, Answer.DENY, by, text))
    return ledger.mission.answers[question_id]
