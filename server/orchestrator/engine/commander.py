"""The commander: plain code that takes one mission from its words to its end."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from functools import partial
from typing import cast

import anyio

from orchestrator.config.places import CONFIG_NAME
from orchestrator.domain.commands import EndMission, RecordDelivery
from orchestrator.domain.decide import unmet_dependencies
from orchestrator.domain.events import (
    AttemptInterrupted,
    ChecksChosen,
    DeliveryStarted,
    GateJudged,
    IterationStarted,
    MissionDelivered,
    MissionStarted,
    SnapshotTaken,
)
from orchestrator.domain.mission import Lease, LiveSession
from orchestrator.domain.question import plan_question_id
from orchestrator.domain.receipt import GateReport
from orchestrator.domain.words import Answer, DeliveryMode, FailureKind, MissionStatus, Stage, TaskStatus
from orchestrator.engine.asking import answered
from orchestrator.engine.attempt import AttemptRunner, Rejoined
from orchestrator.engine.dispatcher import Dispatcher, Turn
from orchestrator.engine.durations import Durations
from orchestrator.engine.ending import MissionOver, innermost
from orchestrator.engine.learning import learned
from orchestrator.engine.ledger import Ledger
from orchestrator.engine.planning import plan
from orchestrator.engine.rooms import MissionRooms, Rooms
from orchestrator.engine.sealing import seal_or_reopen
from orchestrator.engine.task_board import TaskBoard
from orchestrator.engine.unsticking import unstick
from orchestrator.engine.wall_time import watch_wall_time
from orchestrator.errors import OrchestratorError
from orchestrator.ports.journal import JournalError
from orchestrator.ports.workspace import Delivery, WorkspaceError

_log = logging.getLogger(__name__)


class Commander:
    """Leads one mission. `run` returns when the mission has ended; cancelling it reaps all that it started."""

    def __init__(self, ledger: Ledger, rooms: MissionRooms) -> None:
        """Lead the mission of this ledger with these rooms."""
        self._ledger = ledger
        self._rooms = rooms
        self._started_at_s = rooms.shared.clock.now_s()
        self._runner: AttemptRunner | None = None
        self._durations = Durations()

    async def run(self) -> None:
        """Snapshot, plan, work, check, seal, deliver. Ends the mission in the journal whatever happens.

        Raises JournalError when even that can't be recorded, and whatever cancels it.
        """
        try:
            await self._pursue()
        except* JournalError:
            raise
        except* OrchestratorError as group:
            await self._end(cast("OrchestratorError", innermost(group)))
        except* Exception as group:  # noqa: BLE001 - a defect ends its mission, never the server
            _log.exception("mission %s met a defect", self._ledger.mission.id)
            error = innermost(group)
            await self._end(
                OrchestratorError(
                    "internal_error",
                    f"a defect in the server ended the mission: {type(error).__name__}",
                    "the server's log has the details; the work so far is kept: orchestrator diff",
                )
            )

    async def stop_task(self, task_id: str, reason: str) -> bool:
        """End the task's attempt and reap it; whether there was one."""
        return self._runner is not None and await self._runner.stop(task_id, reason)

    async def _pursue(self) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(self._rooms.hold.watch)
            if self._ledger.mission.wall_time_s:
                journal = self._rooms.shared.journal
                group.start_soon(watch_wall_time, self._ledger, self._rooms.hold, journal)
            await self._lead()
            group.cancel_scope.cancel()

    async def _lead(self) -> None:
        mission = self._ledger.mission
        if mission.status is not MissionStatus.SEALED:
            await self._seal()
        await self._deliver()

    async def _seal(self) -> None:
        """Work until the mission is sealed, from wherever it stands."""
        async with AsyncExitStack() as stack:
            # First of all: nobody else may be given the folders that live sessions work in.
            live = await self._rejoined(stack)
            await self._pursue_seal(live)

    async def _pursue_seal(self, live: Sequence[Rejoined]) -> None:
        mission = self._ledger.mission
        is_taken_up = mission.iteration > 0
        await self._rooms.hold.passable()
        await self._prepare()
        async with anyio.create_task_group() as group:
            group.start_soon(self._judge_base)
            if not mission.plan_version:
                group.start_soon(plan, self._ledger, self._rooms)
        await self._approved()
        self._durations = await learned(self._rooms.shared.journal, mission.id)
        runner = self._runner = AttemptRunner(self._ledger, self._rooms)
        while True:
            if not is_taken_up:
                await self._begin_iteration()
            is_taken_up = False
            await self._work(runner, live)
            live = ()
            await self._rooms.hold.passable()
            if mission.open_tasks() or any(not task.parent_id for task in mission.failed_tasks()):
                await unstick(self._ledger, self._rooms)
                is_taken_up = True  # the same iteration goes on
                continue
            if await seal_or_reopen(self._ledger, self._rooms, self._started_at_s):
                return

    async def _rejoined(self, stack: AsyncExitStack) -> list[Rejoined]:
        """The attempts whose sessions outlived the server; the others that were kept for this are interrupted."""
        mission = self._ledger.mission
        runner = AttemptRunner(self._ledger, self._rooms)
        found: list[Rejoined] = []

        async def rejoin(task_id: str, lease: Lease, live: LiveSession) -> None:
            with suppress(WorkspaceError):
                worktree = await stack.enter_async_context(
                    self._rooms.shared.workspace.reclaim(live.worktree, live.commit)
                )
                if attempt := await runner.attach(lease, live, worktree):
                    found.append(attempt)
                    return
            reason = "its session did not outlive the server"
            await self._ledger.note(AttemptInterrupted(lease.attempt_id, task_id, FailureKind.INTERRUPTED, reason))

        async with anyio.create_task_group() as group:
            for task_id, live in list(mission.sessions.items()):
                group.start_soon(rejoin, task_id, mission.leases[task_id], live)
        return found

    async def _begin_iteration(self) -> None:
        mission = self._ledger.mission
        if mission.iteration >= min(mission.max_iterations, self._rooms.limits.max_iterations):
            raise MissionOver(
                MissionStatus.FAILED,
                "iterations_exhausted",
                f"still findings after {mission.iteration} iterations",
                "orchestrator diff shows the work so far; start a narrower mission",
            )
        await self._ledger.note(IterationStarted(mission.iteration + 1))

    async def _prepare(self) -> None:
        """Take the snapshot and choose the judges; for a mission that was taken up, find both again."""
        mission = self._ledger.mission
        workspace = self._rooms.shared.workspace
        if mission.status is MissionStatus.QUEUED:
            await self._ledger.note(MissionStarted())
        if mission.base_commit:
            await workspace.restore_ref(mission.id, mission.tip)
        else:
            snapshot = await workspace.snapshot()
            await workspace.restore_ref(mission.id, snapshot.commit)
            await self._ledger.note(
                SnapshotTaken(snapshot.commit, snapshot.tree, snapshot.file_count, snapshot.left_out)
            )
        config = await workspace.read_file(mission.base_commit, CONFIG_NAME)
        async with workspace.checkout(mission.base_commit) as worktree:
            choice = await self._rooms.gates.choose(worktree, is_trusted=mission.is_trusted)
        self._rooms.gates.approve_judges(mission.approved_judges)
        # After the judges have read the same file: they say best what is wrong with it.
        self._rooms = replace(self._rooms, limits=self._rooms.shared.tighten(self._rooms.limits, config))
        if not mission.plan_version:
            await self._ledger.note(ChecksChosen(choice.checks, choice.setup, choice.held_back))

    async def _approved(self) -> None:
        """Wait for a person's word on the plan, if it asks for one; a refusal with a wish makes a new plan."""
        mission = self._ledger.mission
        while not mission.is_plan_approved:
            answer = await answered(self._ledger, plan_question_id(mission.id, mission.planned_version))
            if answer.answer is not Answer.DENY:
                return
            if not answer.text:
                raise MissionOver(MissionStatus.STOPPED, "plan_refused", f"{answer.by} refused the plan")
            await plan(self._ledger, self._rooms, (f"{answer.by} refused the last plan: {answer.text}",))

    async def _judge_base(self) -> None:
        mission = self._ledger.mission
        async with self._rooms.shared.workspace.checkout(mission.base_commit) as worktree:
            reports = await self._rooms.gates.judge_base(worktree)
        notes = [GateJudged(Stage.BASE, mission.base_tree, "", "", _counted(report)) for report in reports]
        if notes:
            await self._ledger.note(*notes)

    async def _work(self, runner: AttemptRunner, live: Sequence[Rejoined]) -> None:
        """Run tasks until none can start and none runs. Every end of an attempt may make others ready.

        `live` are attempts that go on from before a restart.
        """
        mission = self._ledger.mission
        board = TaskBoard(mission, self._durations, anyio.current_time)
        desk = Dispatcher(self._ledger, self._rooms, board)

        async def attempt(turn: Turn, work: Callable[[], Awaitable[bool]]) -> None:
            has_started = True
            try:
                has_started = await work()
            finally:
                desk.ended(turn, has_started=has_started)

        with self._ledger.observed(board.follow):
            async with anyio.create_task_group() as group:
                for kept in live:
                    group.start_soon(attempt, desk.began(kept.started.task_id), partial(runner.rejoin, kept))
                while True:
                    desk.changed = anyio.Event()
                    moved = self._rooms.shared.traffic.moved
                    graph_version = mission.graph_version
                    while (turn := desk.take()) is not None:
                        group.start_soon(attempt, turn, partial(runner.run, turn.task_id))
                    if desk.is_idle and not self._waits_for_person():
                        break
                    await desk.tell()
                    await self._change(desk, moved, graph_version)

    async def _change(self, desk: Dispatcher, moved: anyio.Event, graph_version: int) -> None:
        """Wait until another task may be able to start: an attempt ended, a lane moved, or the graph changed."""
        mission = self._ledger.mission

        async def until(happened: Callable[[], Awaitable[object]]) -> None:
            await happened()
            scope.cancel()

        async def graph_moved() -> None:
            while mission.graph_version == graph_version:
                await self._ledger.changed_since(mission.version)

        with anyio.move_on_after(desk.poll_s):
            async with anyio.create_task_group() as group:
                scope = group.cancel_scope
                group.start_soon(until, desk.changed.wait)
                group.start_soon(until, moved.wait)
                group.start_soon(until, graph_moved)

    def _waits_for_person(self) -> bool:
        """Whether open work could go on if somebody let it."""
        mission = self._ledger.mission
        return mission.is_paused or any(
            task.is_paused and task.status is TaskStatus.OPEN and not unmet_dependencies(mission, task)
            for task in mission.tasks.values()
        )

    async def _deliver(self) -> None:
        mission = self._ledger.mission
        try:
            await deliver(self._ledger, self._rooms.shared, mission.delivery)
        except WorkspaceError as error:
            failed = MissionDelivered(mission.delivery, "", (), (), f"not delivered: {error}")
            await self._ledger.do(RecordDelivery(failed))

    async def _end(self, error: OrchestratorError) -> None:
        status = error.status if isinstance(error, MissionOver) else MissionStatus.FAILED
        if not self._ledger.mission.status.is_terminal:
            await self._ledger.do(EndMission(status, error.code, error.message, error.hint))


def _counted(report: GateReport) -> GateReport:
    """What was there before is context, not news: its count is enough."""
    if not report.findings:
        return report
    detail = f"{len(report.findings)} findings; {report.detail}".removesuffix("; ")
    return replace(report, findings=(), detail=detail)


async def deliver(ledger: Ledger, rooms: Rooms, mode: DeliveryMode) -> Delivery:
    """Bring the mission's work to the user and record what reached them. Raises WorkspaceError."""
    mission = ledger.mission
    await ledger.do(RecordDelivery(DeliveryStarted(mode, mission.tip)))
    delivery = await rooms.workspace.deliver(mission.id, mission.base_commit, mission.tip, mode, mission.text)
    await ledger.do(
        RecordDelivery(
            MissionDelivered(delivery.mode, delivery.place, delivery.paths, delivery.kept_back, delivery.detail)
        )
    )
    return delivery
