"""Changes of what judges the work: refused, unless a person allows them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from orchestrator.domain.events import AttemptStarted
from orchestrator.domain.question import Question
from orchestrator.domain.words import Answer, ApprovalMode, QuestionKind
from orchestrator.engine.asking import ask
from orchestrator.engine.ledger import Ledger
from orchestrator.engine.refusal import Refusal
from orchestrator.engine.rooms import MissionRooms

JUDGE_CHANGED = "judge_changed"
"""The rule of findings about tests, and configuration of tests, that were changed, skipped or taken away."""


async def approving(
    ledger: Ledger, rooms: MissionRooms, started: AttemptStarted, judge: Callable[[], Awaitable[None]]
) -> None:
    """Judge; where that is refused for changed judges alone, ask a person and judge again if they allow it.

    A mission that asks nothing keeps the refusal. Raises Refusal.
    """
    try:
        await judge()
    except Refusal as refusal:
        paths = _changed_judges(refusal)
        if not paths or ledger.mission.approval is ApprovalMode.NEVER:
            raise
        shown = ", ".join(path or "the number of tests" for path in paths[:10])
        question = Question(
            rooms.shared.ids.new("q"),
            QuestionKind.JUDGE,
            f"Task {started.task_id} changes what judges it: {shown}. Allow it?",
            "\n".join(paths),
            started.task_id,
            started.attempt_id,
        )
        if (await ask(ledger, question)).answer is Answer.DENY:
            raise
        rooms.gates.approve_judges(paths)
        await judge()


def _changed_judges(refusal: Refusal) -> tuple[str, ...]:
    """The paths, when nothing else is wrong."""
    if any(finding.rule != JUDGE_CHANGED for finding in refusal.findings):
        return ()
    return tuple(sorted({finding.path for finding in refusal.findings}))
