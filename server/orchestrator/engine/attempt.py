"""One execution of a task: lease, worktree, session, commit, gates, integration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import anyio

from orchestrator.agents.briefs import fixer_brief, worker_brief
from orchestrator.domain.commands import AddFixTask, IntegrateAttempt, Note, StartAttempt
from orchestrator.domain.decide import RuleViolation
from orchestrator.domain.events import (
    AttemptCommitted,
    AttemptInterrupted,
    AttemptRefused,
    AttemptStarted,
    GateJudged,
    SessionRecovering,
    TaskFailed,
)
from orchestrator.domain.finding import Finding
from orchestrator.domain.mission import Task
from orchestrator.domain.plan import outside
from orchestrator.domain.receipt import GateReport
from orchestrator.domain.words import Role, Stage, Verdict
from orchestrator.engine.ledger import Ledger
from orchestrator.engine.recovery import Recovery, ResilientSession
from orchestrator.engine.rooms import MissionRooms
from orchestrator.ports.host import Brief, HostError, SessionSpec
from orchestrator.ports.workspace import Change, Worktree


class Refusal(Exception):
    """The attempt can't be integrated. `commit` is what it made ("" when the next one should begin anew)."""

    def __init__(self, reason: str, findings: tuple[Finding, ...], commit: str) -> None:
        """Say why, with the findings that the fixer shall mend."""
        super().__init__(reason)
        self.reason = reason
        self.findings = findings
        self.commit = commit


class AttemptRunner:
    """Runs the attempts of one mission. Attempts run side by side; integration is one at a time."""

    def __init__(self, ledger: Ledger, rooms: MissionRooms) -> None:
        """Work for the mission of this ledger."""
        self._ledger = ledger
        self._rooms = rooms
        self._integration = anyio.Lock()

    async def run(self, task_id: str) -> None:
        """Execute the task once. The outcome is in the ledger: integrated, a fixer added, or failed.

        Raises only what ends the whole mission (JournalError, WorkspaceError, GateError).
        """
        attempt_id = self._rooms.shared.ids.new("a")
        events = await self._ledger.do(StartAttempt(attempt_id, task_id, self._rooms.host.name))
        started = next(event for event in events if isinstance(event, AttemptStarted))
        task = self._ledger.mission.tasks[task_id]
        try:
            change = await self._work(started, task)
            await self._integrate(started, change)
        except Refusal as refusal:
            await self._refuse(started, task, refusal)
        except HostError as error:
            await self._ledger.note(AttemptInterrupted(attempt_id, task_id, error.kind, error.message))
            await self._ledger.note(TaskFailed(task_id, str(error)))

    async def _work(self, started: AttemptStarted, task: Task) -> Change:
        workspace = self._rooms.shared.workspace
        start, leftover = await self._start_commit(started, task)
        async with workspace.checkout(start) as worktree:
            await self._converse(started, task, worktree, leftover)
            change = await workspace.commit(worktree, f"{task.spec.id}: {task.spec.title}")
            paths = await workspace.changed_paths(started.base_commit, change.commit)
            change = replace(change, paths=paths)
            await self._ledger.note(
                AttemptCommitted(started.attempt_id, started.task_id, change.commit, change.tree, paths)
            )
            self._require_allowed(started, change)
            # The worktree holds exactly the committed tree now, so the gates can judge it in place.
            judged = Worktree(worktree.path, change.commit, change.tree)
            await self._judge(Stage.ATTEMPT, started, judged, change)
        return change

    async def _start_commit(self, started: AttemptStarted, task: Task) -> tuple[str, tuple[Finding, ...]]:
        """Where the session begins: the mission's tip, with the refused work merged onto it for a fixer."""
        if not task.start_commit:
            return started.base_commit, ()
        merge = await self._rooms.shared.workspace.merge(
            base=task.start_base,
            ours=started.base_commit,
            theirs=task.start_commit,
            message=f"{task.spec.id}: refused work on the newest tip",
        )
        if merge.conflicts:
            lost = Finding("merge", "conflict", merge.conflicts[0], "the refused work no longer merges; begin anew")
            return started.base_commit, (lost,)
        return merge.commit, ()

    async def _converse(
        self, started: AttemptStarted, task: Task, worktree: Worktree, leftover: tuple[Finding, ...]
    ) -> None:
        async def tell(recovery: Recovery) -> None:
            await self._ledger.note(
                SessionRecovering(
                    started.task_id,
                    started.attempt_id,
                    recovery.failure,
                    recovery.action.value,
                    recovery.count,
                    recovery.wait_s,
                    recovery.detail,
                )
            )

        shared = self._rooms.shared
        spec = SessionSpec(shared.ids.new("s"), self._ledger.mission.id, started.role, started.task_id, task.spec.title)
        tools = shared.tools.toolbox(started.role, worktree, started.write_set)
        session = ResilientSession(
            self._rooms.host,
            self._rooms.rate_gate,
            spec,
            tools,
            timeout_s=shared.limits.session_timeout_s,
            tell=tell,
        )
        try:
            await session.prompt(self._brief(started, task, leftover))
        finally:
            await session.close()

    def _brief(self, started: AttemptStarted, task: Task, leftover: tuple[Finding, ...]) -> Brief:
        mission = self._ledger.mission
        if started.role is not Role.FIXER:
            return worker_brief(mission.text, task.spec, turn=started.number, checks=mission.checks)
        root = task
        while root.parent_id:
            root = mission.tasks[root.parent_id]
        turn = root.fix_count if root is not task else started.number
        findings = (*task.findings, *leftover)
        return fixer_brief(mission.text, root.spec, findings, turn=turn, checks=mission.checks)

    def _require_allowed(self, started: AttemptStarted, change: Change) -> None:
        strays = outside(started.write_set, change.paths)
        if strays:
            findings = tuple(
                Finding("write-set", "outside-write-set", path, f"{path} is not in the write set of {started.task_id}")
                for path in strays
            )
            raise Refusal("it changed files outside its write set", findings, "")
        if not change.paths:
            finding = Finding("write-set", "no-change", "", "the session changed nothing that the mission keeps")
            raise Refusal("it changed nothing", (finding,), "")

    async def _judge(self, stage: Stage, started: AttemptStarted, worktree: Worktree, change: Change) -> None:
        reports = await self._rooms.gates.judge(stage, worktree, change.paths)
        cap = self._rooms.shared.limits.event_findings
        await self._ledger.note(
            *(
                GateJudged(stage, worktree.tree, started.task_id, started.attempt_id, capped(report, cap))
                for report in reports
            )
        )
        failed = [report for report in reports if report.verdict is Verdict.FAILED]
        if failed:
            raise Refusal(_reason(stage, failed), gathered(failed, cap), change.commit)

    async def _integrate(self, started: AttemptStarted, change: Change) -> None:
        workspace = self._rooms.shared.workspace
        async with self._integration:
            mission = self._ledger.mission
            previous = mission.tip
            merge = await workspace.merge(
                base=started.base_commit,
                ours=previous,
                theirs=change.commit,
                message=f"{started.task_id}: {mission.tasks[started.task_id].spec.title}",
            )
            if merge.conflicts:
                findings = tuple(
                    Finding("merge", "conflict", path, "conflicts with work that was merged meanwhile")
                    for path in merge.conflicts
                )
                raise Refusal("it conflicts with merged work", findings, change.commit)
            async with workspace.checkout(merge.commit) as worktree:
                await self._judge(Stage.MERGE, started, worktree, replace(change, paths=merge.paths))
            await workspace.advance(mission.id, merge.commit)
            await self._ledger.do(
                IntegrateAttempt(
                    started.attempt_id,
                    started.task_id,
                    started.token,
                    previous,
                    merge.commit,
                    merge.tree,
                    merge.paths,
                )
            )

    async def _refuse(self, started: AttemptStarted, task: Task, refusal: Refusal) -> None:
        refused = AttemptRefused(started.attempt_id, started.task_id, refusal.reason, refusal.findings, refusal.commit)
        fix = AddFixTask(
            parent_id=started.task_id,
            title=f"Fix: {task.spec.title.removeprefix('Fix: ')}",
            write_set=task.spec.write_set,
            reason=refusal.reason,
            findings=refusal.findings,
            start_commit=refusal.commit,
            start_base=started.base_commit if refusal.commit else "",
        )
        try:
            await self._ledger.do(Note(refused), fix)
        except RuleViolation as error:
            if error.code != "fixes_exhausted":
                raise
            await self._ledger.note(TaskFailed(started.task_id, f"{error.message}; the last time {refusal.reason}"))


def _reason(stage: Stage, failed: Sequence[GateReport]) -> str:
    where = "its own tree" if stage is Stage.ATTEMPT else "the combined tree"
    return f"{', '.join(report.gate for report in failed)} failed on {where}"


def gathered(reports: Sequence[GateReport], cap: int) -> tuple[Finding, ...]:
    """The findings of several reports, at most `cap`; a gate that failed without one is a finding itself."""
    findings: list[Finding] = []
    for report in reports:
        findings.extend(report.findings or (Finding(report.gate, report.gate, "", report.detail or "failed"),))
    return tuple(findings[:cap])


def capped(report: GateReport, cap: int) -> GateReport:
    """The report with at most `cap` findings; what was cut is said in `detail`."""
    cut = len(report.findings) - cap
    if cut <= 0:
        return report
    return replace(report, findings=report.findings[:cap], detail=f"{report.detail} ({cut} more findings)".strip())
