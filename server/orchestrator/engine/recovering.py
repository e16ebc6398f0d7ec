"""Healing steps as events."""

from __future__ import annotations

from orchestrator.domain.events import SessionRecovering
from orchestrator.engine.ledger import Ledger
from orchestrator.engine.recovery import Recovery, Tell


def recorder(ledger: Ledger, task_id: str = "", attempt_id: str = "") -> Tell:
    """What records the healing steps of one session; without ids it is the planner's."""

    async def tell(step: Recovery) -> None:
        await ledger.note(
            SessionRecovering(
                task_id, attempt_id, step.failure, step.action.value, step.count, step.wait_s, step.detail
            )
        )

    return tell
