"""The steps of a session as events."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.domain.events import SessionOpened, SessionRecovering
from orchestrator.domain.words import Role
from orchestrator.engine.ledger import Ledger
from orchestrator.engine.recovery import Recovery
from orchestrator.ports.workspace import Worktree


@dataclass(frozen=True, slots=True)
class SessionDiary:
    """Records one session's steps in its mission's ledger; without ids it is the planner's. See `recovery.Diary`."""

    ledger: Ledger
    role: Role
    worktree: Worktree
    task_id: str = ""
    attempt_id: str = ""

    async def recovering(self, step: Recovery) -> None:
        """Record a healing step."""
        await self.ledger.note(
            SessionRecovering(
                self.task_id, self.attempt_id, step.failure, step.action.value, step.count, step.wait_s, step.detail
            )
        )

    async def opened(self, session_id: str, place: str) -> None:
        """Record where the session lives."""
        await self.ledger.note(
            SessionOpened(
                session_id,
                self.task_id,
                self.attempt_id,
                self.role,
                place,
                self.worktree.path,
                self.worktree.commit,
            )
        )
