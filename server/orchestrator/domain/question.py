"""Questions that a mission puts to a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from orchestrator.domain.words import QuestionKind

MAX_OPEN_QUESTIONS: Final = 200
"""Most questions that one mission may have open; a session that asks more is denied at once."""

BLOCKING: Final = frozenset({QuestionKind.PLAN, QuestionKind.BUDGET, QuestionKind.JUDGE})
"""Kinds for which the whole mission waits. A permission holds up the session alone that asked."""


@dataclass(frozen=True, slots=True)
class Question:
    """Something that a person must decide.

    `task_id` and `attempt_id` are "" when it concerns the whole mission; `subject` is what is asked for in a form that
    can be compared ("shell: npm install"; for JUDGE the paths, one a line), so that `always` can answer the next one.
    After `timeout_s` seconds it counts as denied; 0 waits without end.
    """

    id: str
    kind: QuestionKind
    text: str
    subject: str = ""
    task_id: str = ""
    attempt_id: str = ""
    timeout_s: float = 600.0


def plan_question_id(mission_id: str, version: int) -> str:
    """The id of the question whether a plan may run: the same for everybody who asks or answers it."""
    return f"{mission_id}-plan-{version}"
