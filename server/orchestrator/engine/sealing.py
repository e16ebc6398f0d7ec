"""The last judgement: every gate and check on the final tree, then the seal, more work, or an honest end."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from orchestrator.domain.commands import AddFixTask, SealMission
from orchestrator.domain.decide import unsealable
from orchestrator.domain.events import SealingStarted, TaskAdded
from orchestrator.domain.finding import Finding
from orchestrator.domain.mission import Mission
from orchestrator.domain.receipt import GateReport
from orchestrator.domain.words import MissionStatus, Stage, Verdict
from orchestrator.engine.ending import MissionOver
from orchestrator.engine.judging import failures, judged
from orchestrator.engine.ledger import Ledger
from orchestrator.engine.refusal import gathered
from orchestrator.engine.reviewing import review_mission
from orchestrator.engine.rooms import MissionRooms
from orchestrator.engine.unsticking import stagnation, turn


async def seal_or_reopen(ledger: Ledger, rooms: MissionRooms, started_at_s: float) -> bool:
    """Judge the tip. True when the mission is sealed; False when there is more to do, such as mending findings.

    Raises MissionOver when the tree can neither be sealed nor mended (unverified, or a gate that names no file).
    """
    mission = ledger.mission
    workspace = rooms.shared.workspace
    tree = mission.tip_tree
    await ledger.note(SealingStarted(tree))
    changed = await workspace.changed_paths(mission.base_commit, mission.tip)
    async with workspace.checkout(mission.tip) as worktree:
        reports = await judged(ledger, rooms, Stage.SEAL, worktree, changed)
        if not failures(reports) and mission.tip_tree == tree and not mission.open_tasks():
            await review_mission(ledger, rooms, worktree, reports, partial(_review_task, changed))
    problem = unsealable(mission, tree)
    if problem is None:
        await ledger.do(SealMission(tree, rooms.shared.clock.now_s() - started_at_s))
        return True
    code, message, hint = problem
    failed = failures(reports)
    if code in {"work_left", "tree_moved"} and not failed:
        return False  # a person added work, or took some back, while the tree was judged
    if not failed:
        raise MissionOver(MissionStatus.UNVERIFIED, code, message, _hint(mission, reports, hint))
    if not changed:
        gates = ", ".join(report.gate for report in failed)
        raise MissionOver(MissionStatus.FAILED, "gate_failed", f"{gates} failed though the mission changed nothing")
    # In the last iteration nothing could be tried any more: its bound says so.
    is_last = mission.iteration >= min(mission.max_iterations, rooms.limits.max_iterations)
    stuck = None if is_last else await stagnation(ledger, rooms)
    events = await ledger.do(_fix_task(failed, changed, rooms.limits.event_findings))
    if stuck is not None:
        added = next(event for event in events if isinstance(event, TaskAdded))
        await turn(ledger, rooms, stuck, added.task.id)
    return False


def _review_task(changed: tuple[str, ...], findings: tuple[Finding, ...]) -> AddFixTask:
    return AddFixTask(
        parent_id="",
        title="Mend what the review found",
        write_set=_write_set(findings, changed),
        reason=f"{len(findings)} blocking findings of the review",
        findings=findings,
        start_commit="",
        start_base="",
    )


def _fix_task(failed: list[GateReport], changed: tuple[str, ...], cap: int) -> AddFixTask:
    findings = gathered(failed, cap)
    return AddFixTask(
        parent_id="",
        title=f"Mend what {', '.join(report.gate for report in failed)} found on the whole tree",
        write_set=_write_set(findings, changed),
        reason=f"{len(findings)} findings on the final tree",
        findings=findings,
        start_commit="",
        start_base="",
    )


def _write_set(findings: tuple[Finding, ...], changed: tuple[str, ...]) -> tuple[str, ...]:
    """The named files where every finding names one that the mission changed, else all that it changed.

    A mission's own faults lie in what it changed, also when a test elsewhere shows them.
    """
    named = {finding.path for finding in findings}
    return tuple(sorted(named)) if named <= set(changed) else changed


def _hint(mission: Mission, reports: Sequence[GateReport], hint: str) -> str:
    """What a person can do about a mission that nothing proves: depends on why no check counted."""
    if mission.held_back:
        return f"found but not trusted to run: {', '.join(mission.held_back)}; pass --trust to run them"
    reasons = [_reason(report) for report in reports if report.gate.startswith("check:")]
    if not reasons:
        return hint
    return f"{'; '.join(reasons)}; the work is kept: orchestrator diff, orchestrator deliver"


def _reason(report: GateReport) -> str:
    name = report.gate.removeprefix("check:")
    if report.verdict is not Verdict.CLEAN:
        return f"{name}: {report.verdict.value.replace('_', ' ')}, {report.detail or 'no reason was given'}"
    details = {receipt.detail for receipt in report.receipts if receipt.detail}
    return f"{name}: {'; '.join(sorted(details)) or 'passed, but noticed no planted error'}"
