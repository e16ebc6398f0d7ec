"""One execution of a task: lease, worktree, session, commit, gates, integration."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import anyio

from orchestrator.agents.briefs import fixer_brief, worker_brief
from orchestrator.agents.roles import DUTIES
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
from orchestrator.domain.mission import Lease, LiveSession, Task
from orchestrator.domain.plan import outside
from orchestrator.domain.violation import RuleViolation
from orchestrator.domain.words import FailureKind, Role, Stage
from orchestrator.engine.approving import approving
from orchestrator.engine.fuses import Fuse
from orchestrator.engine.integration import MergeQueue
from orchestrator.engine.judging import failures, judged
from orchestrator.engine.ledger import Ledger
from orchestrator.engine.recovering import SessionDiary
from orchestrator.engine.recovery import ResilientSession
from orchestrator.engine.refusal import Refusal, refusal_of
from orchestrator.engine.rooms import MissionRooms
from orchestrator.engine.session_tools import SessionTools
from orchestrator.ports.host import Brief, HostError, Reading, SessionSpec
from orchestrator.ports.jobs import JobOwner
from orchestrator.ports.material import Material
from orchestrator.ports.workspace import Change, WorkspaceError, Worktree

_FORESTALLED = frozenset({"paused", "task_not_open", "task_not_ready"})
"""Why a task that was chosen may not start: a person paused it, closed it, or reopened what it waits for."""


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
            await self._converse(session, spec, started, task, leftover, material=material)
            return await self._hand_in(started, worktree, await self._commit(worktree, task))

    async def _finish(self, live: Rejoined, task: Task) -> Change:
        """Wait for the turn that outlived the server, then go on as always."""
        await self._converse(live.session, live.spec, live.started, task, (), material=Material())
        return await self._hand_in(live.started, live.worktree, await self._commit(live.worktree, task))

    async def _hand_in(self, started: AttemptStarted, worktree: Worktree, made: Change) -> Change:
        """Record the commit and have it judged. Raises Refusal."""
        paths = await self._rooms.shared.workspace.changed_paths(started.base_commit, made.commit)
        change = replace(made, paths=paths)
        await self._ledger.note(
            AttemptCommitted(started.attempt_id, started.task_id, change.commit, change.tree, paths)
        )
        self._require_allowed(started, change)
        # The worktree holds exactly the committed tree now, so the gates can judge it in place.
        committed = Worktree(worktree.path, change.commit, change.tree)
        await approving(self._ledger, self._rooms, started, lambda: self._judge(started, committed, change))
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
        merge = await self._rooms.shared.workspace.merge(
            base=task.start_base,
            ours=started.base_commit,
            theirs=task.start_commit,
            message=f"{task.spec.id}: refused work on the newest tip",
        )
        if merge.conflicts:
            lost = Finding("merge", "conflict", merge.conflicts[0], "the refused work no longer merges; begin anew")
            return started.base_commit, (lost,), False
        return merge.commit, (), False

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
        mission = self._ledger.mission
        return SessionSpec(
            self._rooms.shared.ids.new("s"),
            mission.id,
            started.role,
            started.task_id,
            task.spec.title,
            DUTIES[started.role],
            mission.models.get(started.role.value, ""),
        )

    def _session(self, spec: SessionSpec, started: AttemptStarted, worktree: Worktree) -> ResilientSession:
        owner = JobOwner(spec.mission_id, spec.task_id, spec.session_id)
        fuse = Fuse(self._rooms.limits.quiet_s)
        inner = self._rooms.shared.tools.toolbox(started.role, worktree, started.write_set, owner)
        tools = SessionTools(inner, self._ledger, self._rooms, spec, fuse)
        return ResilientSession(
            self._rooms.host,
            self._rooms.lane(spec.model),
            self._rooms.hold,
            spec,
            tools,
            timeout_s=self._rooms.limits.session_timeout_s,
            diary=SessionDiary(self._ledger, started.role, worktree, started.task_id, started.attempt_id),
            fuse=fuse,
            at_end=tools.end,
        )

    async def _converse(
        self,
        session: ResilientSession,
        spec: SessionSpec,
        started: AttemptStarted,
        task: Task,
        leftover: tuple[Finding, ...],
        *,
        material: Material,
    ) -> None:
        try:
            heard = len(task.notes)
            await session.prompt(self._brief(started, task, leftover, material))
            # What a person says while it works is told when its turn has ended; the work counts only then.
            while heard < len(task.notes):
                heard = len(task.notes)
                await session.prompt(self._brief(started, task, leftover, material))
        finally:
            await session.finish()
            with anyio.CancelScope(shield=True):
                await self._rooms.shared.jobs.end(spec.session_id)

    async def _material(self, worktree: Worktree, task: Task) -> Material:
        """What of the repository goes into the brief, for hosts whose sessions read it."""
        host = self._rooms.host
        if not (isinstance(host, Reading) and host.is_reading):
            return Material()
        return await self._rooms.shared.tools.material(worktree, task.spec, self._ledger.mission.text)

    def _brief(self, started: AttemptStarted, task: Task, leftover: tuple[Finding, ...], material: Material) -> Brief:
        mission = self._ledger.mission
        if started.role is not Role.FIXER:
            return worker_brief(
                mission.text,
                task.spec,
                turn=started.number,
                checks=mission.checks,
                notes=tuple(task.notes),
                material=material,
            )
        root = task
        while root.parent_id:
            root = mission.tasks[root.parent_id]
        turn = root.fix_count if root is not task else started.number
        findings = (*task.findings, *leftover)
        notes = tuple(dict.fromkeys((*root.notes, *task.notes)))
        return fixer_brief(
            mission.text, root.spec, findings, turn=turn, checks=mission.checks, notes=notes, material=material
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
