"""One execution of a task: lease, worktree, session, commit, gates, integration."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.agents.briefs import fixer_brief, worker_brief
from orchestrator.domain.commands import AddFixTask, Note, StartAttempt
from orchestrator.domain.decide import MAX_FIXES, fixes_left
from orchestrator.domain.events import (
    AttemptCommitted,
    AttemptInterrupted,
    AttemptRefused,
    AttemptStarted,
    TaskFailed,
)
from orchestrator.domain.finding import Finding
from orchestrator.domain.mission import Task
from orchestrator.domain.plan import outside
from orchestrator.domain.words import Role, Stage
from orchestrator.engine.integration import MergeQueue
from orchestrator.engine.judging import failures, judged
from orchestrator.engine.ledger import Ledger
from orchestrator.engine.recovering import recorder
from orchestrator.engine.recovery import ResilientSession
from orchestrator.engine.refusal import Refusal, refusal_of
from orchestrator.engine.rooms import MissionRooms
from orchestrator.ports.host import Brief, HostError, SessionSpec
from orchestrator.ports.workspace import Change, WorkspaceError, Worktree


class AttemptRunner:
    """Runs the attempts of one mission. Attempts run side by side and land through one queue."""

    def __init__(self, ledger: Ledger, rooms: MissionRooms) -> None:
        """Work for the mission of this ledger."""
        self._ledger = ledger
        self._rooms = rooms
        self._queue = MergeQueue(ledger, rooms)

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
            await self._queue.land(started, change)
        except Refusal as refusal:
            await self._refuse(started, task, refusal)
        except HostError as error:
            # One transaction: between the two facts the task would look open, and would be started again.
            await self._ledger.note(
                AttemptInterrupted(attempt_id, task_id, error.kind, error.message), TaskFailed(task_id, str(error))
            )

    async def _work(self, started: AttemptStarted, task: Task) -> Change:
        workspace = self._rooms.shared.workspace
        start, leftover = await self._start_commit(started, task)
        async with workspace.checkout(start) as worktree:
            await self._converse(started, task, worktree, leftover)
            change = await self._commit(worktree, task)
            paths = await workspace.changed_paths(started.base_commit, change.commit)
            change = replace(change, paths=paths)
            await self._ledger.note(
                AttemptCommitted(started.attempt_id, started.task_id, change.commit, change.tree, paths)
            )
            self._require_allowed(started, change)
            # The worktree holds exactly the committed tree now, so the gates can judge it in place.
            committed = Worktree(worktree.path, change.commit, change.tree)
            await self._judge(started, committed, change)
        return change

    async def _commit(self, worktree: Worktree, task: Task) -> Change:
        """What the session left, as a commit. What can't be one (a link that leads out, too much) is its fault."""
        try:
            return await self._rooms.shared.workspace.commit(worktree, f"{task.spec.id}: {task.spec.title}")
        except WorkspaceError as error:
            finding = Finding("workspace", error.code, "", error.message)
            raise Refusal("what it left can't be kept", (finding,), "") from error

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
        shared = self._rooms.shared
        spec = SessionSpec(shared.ids.new("s"), self._ledger.mission.id, started.role, started.task_id, task.spec.title)
        tools = shared.tools.toolbox(started.role, worktree, started.write_set)
        session = ResilientSession(
            self._rooms.host,
            self._rooms.rate_gate,
            spec,
            tools,
            timeout_s=self._rooms.limits.session_timeout_s,
            tell=recorder(self._ledger, started.task_id, started.attempt_id),
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

    async def _judge(self, started: AttemptStarted, worktree: Worktree, change: Change) -> None:
        reports = await judged(
            self._ledger,
            self._rooms,
            Stage.ATTEMPT,
            worktree,
            change.paths,
            task_id=started.task_id,
            attempt_id=started.attempt_id,
        )
        if failed := failures(reports):
            raise refusal_of("its own tree", failed, change.commit, self._rooms.limits.event_findings)

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
        if fixes_left(self._ledger.mission, started.task_id):
            await self._ledger.do(Note(refused), fix)
        else:
            reason = f"{MAX_FIXES} fixes in a row were refused; the last time {refusal.reason}"
            await self._ledger.note(refused, TaskFailed(started.task_id, reason))
