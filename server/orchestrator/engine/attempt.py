"""One execution of a task: lease, worktree, session, commit, gates, integration."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import anyio

from orchestrator.agents.briefs import fixer_brief, worker_brief
from orchestrator.domain.commands import AddFixTask, Note, StartAttempt
from orchestrator.domain.decide import MAX_FIXES, fixes_left
from orchestrator.domain.events import (
    AttemptCommitted,
    AttemptInterrupted,
    AttemptRefused,
    AttemptStarted,
    GateJudged,
    TaskFailed,
)
from orchestrator.domain.finding import Finding
from orchestrator.domain.mission import Lease, LiveSession, Task
from orchestrator.domain.plan import outside
from orchestrator.domain.receipt import GateReport
from orchestrator.domain.violation import RuleViolation
from orchestrator.domain.words import FailureKind, Role, Stage
from orchestrator.engine.approving import JUDGE_CHANGED, approving
from orchestrator.engine.integration import MergeQueue
from orchestrator.engine.judging import failures, judged
from orchestrator.engine.ledger import Ledger
from orchestrator.engine.recovery import ResilientSession
from orchestrator.engine.refusal import Refusal, refusal_of
from orchestrator.engine.remembering import remember
from orchestrator.engine.reviewing import review_attempt
from orchestrator.engine.rooms import MissionRooms
from orchestrator.engine.sessions import Seat, session_for, spec_of
from orchestrator.ports.host import Brief, HostError, Reading, SessionSpec
from orchestrator.ports.material import Material
from orchestrator.ports.workspace import Change, WorkspaceError, Worktree

_FORESTALLED = frozenset({"paused", "task_not_open", "task_not_ready"})
"""Why a task that was chosen may not start: a person paused it, closed it, or reopened what it waits for."""


_SCRATCH_TRIES = 2
"""How often a session is told that its own tests fail, before a fixer is."""


@dataclass(slots=True, eq=False)
class _Running:
    """An attempt under way, so that a person can stop it."""

    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    ended: anyio.Event = field(default_factory=anyio.Event)
    stop_reason: str = ""


@dataclass(frozen=True, slots=True)
class Rejoined:
    """An attempt whose session outlived the server, in the worktree that it had."""

    started: AttemptStarted
    spec: SessionSpec
    session: ResilientSession
    worktree: Worktree


class AttemptRunner:
    """Runs the attempts of one mission. Attempts run side by side and land through one queue."""

    def __init__(self, ledger: Ledger, rooms: MissionRooms) -> None:
        """Work for the mission of this ledger."""
        self._ledger = ledger
        self._rooms = rooms
        self._queue = MergeQueue(ledger, rooms)
        self._running: dict[str, _Running] = {}

    async def run(self, task_id: str) -> bool:
        """Execute the task once. The outcome is in the ledger: integrated, a fixer added, interrupted, or failed.

        False when somebody was faster and the task may not start any more.

        Raises only what ends the whole mission (JournalError, WorkspaceError, GateError).
        """
        attempt_id = self._rooms.shared.ids.new("a")
        try:
            events = await self._ledger.do(StartAttempt(attempt_id, task_id, self._rooms.host.name))
        except RuleViolation as error:
            if error.code not in _FORESTALLED:
                raise
            return False
        started = next(event for event in events if isinstance(event, AttemptStarted))
        await self._run(started, None)
        return True

    async def rejoin(self, live: Rejoined) -> bool:
        """Go on with an attempt whose session outlived the server, as `run` does."""
        await self._run(live.started, live)
        return True

    async def _run(self, started: AttemptStarted, live: Rejoined | None) -> None:
        attempt_id, task_id = started.attempt_id, started.task_id
        running = self._running[task_id] = _Running()
        try:
            with running.scope:
                await self._execute(started, live)
            if running.scope.cancelled_caught:
                await self._ledger.note(
                    AttemptInterrupted(attempt_id, task_id, FailureKind.INTERRUPTED, running.stop_reason)
                )
        finally:
            # A task that was stopped and let go again may run already, before the journal has the end of this attempt.
            if self._running.get(task_id) is running:
                del self._running[task_id]
            running.ended.set()

    async def stop(self, task_id: str, reason: str) -> bool:
        """End the task's attempt and wait until all of it is reaped; whether there was one."""
        running = self._running.get(task_id)
        if running is None:
            return False
        running.stop_reason = reason
        running.scope.cancel()
        await running.ended.wait()
        return True

    async def _execute(self, started: AttemptStarted, live: Rejoined | None) -> None:
        attempt_id, task_id = started.attempt_id, started.task_id
        task = self._ledger.mission.tasks[task_id]
        try:
            change = await (self._finish(live, task) if live else self._work(started, task))
            await approving(self._ledger, self._rooms, started, lambda: self._queue.land(started, change))
        except Refusal as refusal:
            await self._refuse(started, task, refusal)
        except HostError as error:
            # One transaction: between the two facts the task would look open, and would be started again.
            await self._ledger.note(
                AttemptInterrupted(attempt_id, task_id, error.kind, error.message), TaskFailed(task_id, str(error))
            )

    async def _work(self, started: AttemptStarted, task: Task) -> Change:
        start, leftover, is_finished = await self._start_commit(started, task)
        async with self._rooms.shared.workspace.checkout(start) as worktree:
            if is_finished:
                return await self._hand_in(started, worktree, Change(worktree.commit, worktree.tree, ()))
            spec = self._spec(started, task)
            session = self._session(spec, started, worktree)
            material = await self._material(worktree, task)
            own = await self._converse(session, spec, started, task, leftover, worktree, material=material)
            return await self._hand_in(started, worktree, await self._commit(worktree, task), own)

    async def _finish(self, live: Rejoined, task: Task) -> Change:
        """Wait for the turn that outlived the server, then go on as always."""
        tree = live.worktree
        own = await self._converse(live.session, live.spec, live.started, task, (), tree, material=Material())
        return await self._hand_in(live.started, tree, await self._commit(tree, task), own)

    async def _hand_in(
        self, started: AttemptStarted, worktree: Worktree, made: Change, own: GateReport | None = None
    ) -> Change:
        """Record the commit and have it judged; `own` says how the session's scratch tests went. Raises Refusal."""
        paths = await self._rooms.shared.workspace.changed_paths(started.base_commit, made.commit)
        change = replace(made, paths=paths)
        await self._ledger.note(
            AttemptCommitted(started.attempt_id, started.task_id, change.commit, change.tree, paths)
        )
        self._require_allowed(started, change)
        if own is not None:
            await self._ledger.note(
                GateJudged(Stage.ATTEMPT, change.tree, started.task_id, started.attempt_id, own),
            )
            if failed := failures([own]):
                raise refusal_of("its own tree", failed, change.commit, self._rooms.limits.event_findings)
        # The worktree holds exactly the committed tree now, so the gates can judge it in place.
        committed = Worktree(worktree.path, change.commit, change.tree)
        await approving(self._ledger, self._rooms, started, lambda: self._judge(started, committed, change))
        await review_attempt(self._ledger, self._rooms, started, committed)
        return change

    async def _commit(self, worktree: Worktree, task: Task) -> Change:
        """What the session left, as a commit. What can't be one (a link that leads out, too much) is its fault."""
        try:
            return await self._rooms.shared.workspace.commit(worktree, f"{task.spec.id}: {task.spec.title}")
        except WorkspaceError as error:
            finding = Finding("workspace", error.code, "", error.message)
            raise Refusal("what it left can't be kept", (finding,), "") from error

    async def _start_commit(self, started: AttemptStarted, task: Task) -> tuple[str, tuple[Finding, ...], bool]:
        """Where the session begins, what it must know, and whether its work is done already.

        It begins at the mission's tip, with the refused work merged onto it for a fixer. Work that an interrupted
        attempt had committed is not paid for twice: it goes to the gates as it is.
        """
        if task.checkpoint:
            done = await self._rooms.shared.workspace.merge(
                base=task.checkpoint_base,
                ours=started.base_commit,
                theirs=task.checkpoint,
                message=f"{task.spec.id}: {task.spec.title}",
            )
            if not done.conflicts and done.commit != started.base_commit:
                return done.commit, (), True
        if not task.start_commit:
            return started.base_commit, (), False
        # No tool shows a session a file as it was, so what judged the work is put back for it.
        judges = frozenset(item.path for item in task.findings if item.rule == JUDGE_CHANGED)
        merge = await self._rooms.shared.workspace.merge(
            base=task.start_base,
            ours=started.base_commit,
            theirs=task.start_commit,
            message=f"{task.spec.id}: refused work on the newest tip",
            left_out=judges,
        )
        if merge.conflicts:
            lost = Finding("merge", "conflict", merge.conflicts[0], "the refused work no longer merges; begin anew")
            return started.base_commit, (lost,), False
        put_back = (
            Finding("merge", "judge_put_back", path, "it is as it was again; leave it") for path in sorted(judges)
        )
        return merge.commit, tuple(finding for finding in put_back if finding.path), False

    async def attach(self, lease: Lease, live: LiveSession, worktree: Worktree) -> Rejoined | None:
        """The attempt of a session that outlived the server; None when its host knows it no more."""
        mission = self._ledger.mission
        task = mission.tasks[lease.task_id]
        started = AttemptStarted(
            lease.attempt_id,
            lease.task_id,
            task.attempt_count,
            task.spec.role,
            self._rooms.host.name,
            lease.token,
            lease.base_commit,
            lease.write_set,
        )
        spec = replace(self._spec(started, task), session_id=live.session_id)
        session = self._session(spec, started, worktree)
        if not await session.attach(live.place):
            return None
        return Rejoined(started, spec, session, worktree)

    def _spec(self, started: AttemptStarted, task: Task) -> SessionSpec:
        model = task.model or self._ledger.mission.root_of(task).model
        title = task.spec.title
        return spec_of(self._ledger, self._rooms, started.role, started.task_id, title, model=model)

    def _session(self, spec: SessionSpec, started: AttemptStarted, worktree: Worktree) -> ResilientSession:
        seat = Seat(worktree, started.write_set, started.attempt_id)
        return session_for(self._ledger, self._rooms, spec, seat)

    async def _converse(  # noqa: PLR0917 - what belongs to one attempt, said once
        self,
        session: ResilientSession,
        spec: SessionSpec,
        started: AttemptStarted,
        task: Task,
        leftover: tuple[Finding, ...],
        worktree: Worktree,
        *,
        material: Material,
    ) -> GateReport | None:
        """Let the session work until it is done and its own tests pass, or a few times more; how those tests went."""
        tools = self._rooms.shared.tools
        own: GateReport | None = None
        try:
            heard = len(task.notes)
            await self._prompt(session, spec, self._brief(started, task, leftover, material))
            for number in range(_SCRATCH_TRIES + 1):
                # What a person says while it works is told when its turn has ended; the work counts only then.
                while heard < len(task.notes):
                    heard = len(task.notes)
                    await self._prompt(session, spec, self._brief(started, task, leftover, material))
                own = await tools.scratch(worktree)
                if own is None or not own.findings or number == _SCRATCH_TRIES:
                    break
                problems = tuple(finding.describe() for finding in own.findings)
                await self._prompt(session, spec, self._brief(started, task, leftover, material, problems))
        finally:
            await session.finish()
            with anyio.CancelScope(shield=True):
                await self._rooms.shared.jobs.end(spec.session_id)
        await tools.drop_scratch(worktree)
        return own

    async def _prompt(self, session: ResilientSession, spec: SessionSpec, brief: Brief) -> None:
        await remember(self._ledger, spec, await session.prompt(brief))

    async def _material(self, worktree: Worktree, task: Task) -> Material:
        """What of the repository goes into the brief, for hosts whose sessions read it."""
        host = self._rooms.host
        if not (isinstance(host, Reading) and host.is_reading):
            return Material()
        return await self._rooms.shared.tools.material(worktree, task.spec, self._ledger.mission.text)

    def _brief(
        self,
        started: AttemptStarted,
        task: Task,
        leftover: tuple[Finding, ...],
        material: Material,
        problems: tuple[str, ...] = (),
    ) -> Brief:
        mission = self._ledger.mission
        if started.role is not Role.FIXER:
            return worker_brief(
                mission.text,
                task.spec,
                turn=started.number,
                checks=mission.checks,
                problems=problems,
                notes=tuple(task.notes),
                known=mission.session_notes,
                material=material,
            )
        root = self._ledger.mission.root_of(task)
        turn = root.fix_count if root is not task else started.number
        findings = (*task.findings, *leftover)
        notes = tuple(dict.fromkeys((*root.notes, *task.notes)))
        return fixer_brief(
            mission.text,
            root.spec,
            findings,
            turn=turn,
            checks=mission.checks,
            problems=problems,
            notes=notes,
            known=mission.session_notes,
            material=material,
        )

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
