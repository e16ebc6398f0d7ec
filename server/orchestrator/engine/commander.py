"""The commander: plain code that takes one mission from its words to its end."""

from __future__ import annotations

import logging
from dataclasses import replace

import anyio

from orchestrator.config.places import CONFIG_NAME
from orchestrator.domain.commands import EndMission, RecordDelivery
from orchestrator.domain.events import (
    ChecksChosen,
    GateJudged,
    IterationStarted,
    MissionDelivered,
    MissionStarted,
    SnapshotTaken,
)
from orchestrator.domain.receipt import GateReport
from orchestrator.domain.words import DeliveryMode, MissionStatus, Stage, TaskStatus
from orchestrator.engine.attempt import AttemptRunner
from orchestrator.engine.ending import MissionOver
from orchestrator.engine.ledger import Ledger
from orchestrator.engine.planning import plan
from orchestrator.engine.rooms import MissionRooms, Rooms
from orchestrator.engine.scheduler import Scheduler
from orchestrator.engine.sealing import seal_or_reopen
from orchestrator.errors import OrchestratorError
from orchestrator.ports.journal import JournalError
from orchestrator.ports.workspace import Delivery, WorkspaceError

_log = logging.getLogger(__name__)
_KEPT_HINT = "finished tasks are kept: orchestrator diff shows them, orchestrator deliver brings them to you"


class Commander:
    """Leads one mission. `run` returns when the mission has ended; cancelling it reaps all that it started."""

    def __init__(self, ledger: Ledger, rooms: MissionRooms) -> None:
        """Lead the mission of this ledger with these rooms."""
        self._ledger = ledger
        self._rooms = rooms
        self._started_at_s = rooms.shared.clock.now_s()

    async def run(self) -> None:
        """Snapshot, plan, work, check, seal, deliver. Ends the mission in the journal whatever happens.

        Raises JournalError when even that can't be recorded, and whatever cancels it.
        """
        try:
            await self._pursue()
        except* JournalError:
            raise
        except* OrchestratorError as group:
            await self._end(_first(group))
        except* Exception as group:  # noqa: BLE001 - a defect ends its mission, never the server
            _log.exception("mission %s met a defect", self._ledger.mission.id)
            error = group.exceptions[0]
            await self._end(
                OrchestratorError(
                    "internal_error",
                    f"a defect in the server ended the mission: {type(error).__name__}",
                    "the server's log has the details; the work so far is kept: orchestrator diff",
                )
            )

    async def _pursue(self) -> None:
        await self._prepare()
        async with anyio.create_task_group() as group:
            group.start_soon(self._judge_base)
            group.start_soon(plan, self._ledger, self._rooms)
        mission = self._ledger.mission
        runner = AttemptRunner(self._ledger, self._rooms)
        while True:
            if mission.iteration >= min(mission.max_iterations, self._rooms.limits.max_iterations):
                raise MissionOver(
                    MissionStatus.FAILED,
                    "iterations_exhausted",
                    f"still findings after {mission.iteration} iterations",
                    "orchestrator diff shows the work so far; start a narrower mission",
                )
            await self._ledger.note(IterationStarted(mission.iteration + 1))
            await self._work(runner)
            self._require_done()
            if await seal_or_reopen(self._ledger, self._rooms, self._started_at_s):
                break
        await self._deliver()

    async def _prepare(self) -> None:
        await self._ledger.note(MissionStarted())
        workspace = self._rooms.shared.workspace
        snapshot = await workspace.snapshot()
        await workspace.advance(self._ledger.mission.id, snapshot.commit, previous="")
        await self._ledger.note(SnapshotTaken(snapshot.commit, snapshot.tree, snapshot.file_count, snapshot.left_out))
        config = await workspace.read_file(snapshot.commit, CONFIG_NAME)
        async with workspace.checkout(snapshot.commit) as worktree:
            choice = await self._rooms.gates.choose(worktree, is_trusted=self._ledger.mission.is_trusted)
        # After the judges have read the same file: they say best what is wrong with it.
        self._rooms = replace(self._rooms, limits=self._rooms.shared.tighten(self._rooms.limits, config))
        await self._ledger.note(ChecksChosen(choice.checks, choice.setup, choice.held_back))

    async def _judge_base(self) -> None:
        mission = self._ledger.mission
        async with self._rooms.shared.workspace.checkout(mission.base_commit) as worktree:
            reports = await self._rooms.gates.judge_base(worktree)
        notes = [GateJudged(Stage.BASE, mission.base_tree, "", "", _counted(report)) for report in reports]
        if notes:
            await self._ledger.note(*notes)

    async def _work(self, runner: AttemptRunner) -> None:
        """Run tasks until none can start and none runs. Every end of an attempt may make others ready."""
        scheduler = Scheduler(self._ledger.mission)
        slots = self._rooms.limits.slots
        running = 0
        changed = anyio.Event()

        async def attempt(task_id: str) -> None:
            nonlocal running
            try:
                await runner.run(task_id)
            finally:
                running -= 1
                changed.set()

        async with anyio.create_task_group() as group:
            while True:
                changed = anyio.Event()
                for task_id in scheduler.ready(slots - running):
                    running += 1
                    group.start_soon(attempt, task_id)
                if not running:
                    return
                await changed.wait()

    def _require_done(self) -> None:
        mission = self._ledger.mission
        failed = [task for task in mission.failed_tasks() if not task.parent_id]
        if not failed and not mission.open_tasks():
            return
        waiting = sum(1 for task in mission.tasks.values() if task.status is TaskStatus.OPEN)
        first = failed[0] if failed else mission.open_tasks()[0]
        others = f" ({waiting} tasks that depend on it were not begun)" if waiting else ""
        raise MissionOver(
            MissionStatus.FAILED,
            "task_failed",
            f"task {first.spec.id} could not be done: {first.reason or first.status.value}{others}",
            _KEPT_HINT if mission.tip != mission.base_commit else "",
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
    delivery = await rooms.workspace.deliver(mission.id, mission.base_commit, mission.tip, mode, mission.text)
    await ledger.do(
        RecordDelivery(
            MissionDelivered(delivery.mode, delivery.place, delivery.paths, delivery.kept_back, delivery.detail)
        )
    )
    return delivery


def _first(group: BaseExceptionGroup[OrchestratorError]) -> OrchestratorError:
    """The first error of a group; the others follow from it, because it cancelled them."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
