"""Making the tools of a session."""

from __future__ import annotations

from typing import Protocol

from orchestrator.domain.plan import TaskSpec
from orchestrator.domain.receipt import Check, GateReport
from orchestrator.domain.words import Role
from orchestrator.ports.host import Toolbox
from orchestrator.ports.jobs import JobOwner
from orchestrator.ports.material import Material
from orchestrator.ports.workspace import Worktree


class ToolRoom(Protocol):
    """Hands out toolboxes."""

    def toolbox(
        self,
        role: Role,
        worktree: Worktree,
        write_set: tuple[str, ...],
        owner: JobOwner | None = None,
        *,
        checks: tuple[Check, ...] = (),
    ) -> Toolbox:
        """Tools that read and, for roles that may, write in this worktree alone, and only within the write set.

        `owner` is whose the background jobs are; without one the session can start none. `checks` are what it may run.
        """
        ...

    async def material(self, worktree: Worktree, task: TaskSpec, mission_text: str) -> Material:
        """What of the worktree a session for this task should see before it begins."""
        ...

    async def scratch(self, worktree: Worktree) -> GateReport | None:
        """Run the scratch tests that a session left in the worktree; None when there is none."""
        ...

    async def drop_scratch(self, worktree: Worktree) -> None:
        """Take the scratch tests out of the worktree."""
        ...
