"""Having a tree judged and the reports in the journal."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.domain.events import GateJudged
from orchestrator.domain.receipt import GateReport
from orchestrator.domain.words import Stage, Verdict
from orchestrator.engine.ledger import Ledger
from orchestrator.engine.refusal import capped
from orchestrator.engine.rooms import MissionRooms
from orchestrator.ports.workspace import Worktree


async def judged(
    ledger: Ledger,
    rooms: MissionRooms,
    stage: Stage,
    worktree: Worktree,
    paths: Sequence[str],
    *,
    task_id: str = "",
    attempt_id: str = "",
) -> list[GateReport]:
    """Judge a worktree against the base and record the reports; answers them whole. Raises GateError, JournalError."""
    reports = await rooms.gates.judge(stage, worktree, paths)
    cap = rooms.limits.event_findings
    await ledger.note(*(GateJudged(stage, worktree.tree, task_id, attempt_id, capped(r, cap)) for r in reports))
    return reports


def failures(reports: Sequence[GateReport]) -> list[GateReport]:
    """The reports that refuse the tree."""
    return [report for report in reports if report.verdict is Verdict.FAILED]
