"""The missions of one workspace: what clients ask for and what runs."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from weakref import WeakValueDictionary

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream

from orchestrator.domain.budget import Limit
from orchestrator.domain.commands import AcceptMission, Command, EndMission, HoldTask, Pause, Reopen
from orchestrator.domain.decide_people import plan_conflict
from orchestrator.domain.estimate import Estimate, estimate
from orchestrator.domain.events import Event
from orchestrator.domain.mission import Mission
from orchestrator.domain.question import plan_question_id
from orchestrator.domain.revision import line_below
from orchestrator.domain.violation import RuleViolation
from orchestrator.domain.words import ApprovalMode, DeliveryMode, MissionStatus, TaskStatus
from orchestrator.engine.commander import Commander, deliver
from orchestrator.engine.ending import innermost
from orchestrator.engine.hold import Hold
from orchestrator.engine.ledger import Ledger
from orchestrator.engine.projecting import Projector, history
from orchestrator.engine.publisher import Publisher
from orchestrator.engine.restoring import forgettable, restore, take_up
from orchestrator.engine.rooms import MissionRooms, Rooms
from orchestrator.engine.undoing import undo_mission, undo_task
from orchestrator.errors import OrchestratorError
from orchestrator.ports.host import Host
from orchestrator.ports.hosting import HostedSessions
from orchestrator.ports.jobs import Jobs
from orchestrator.ports.journal import JournalError, MissionSummary, Recorded
from orchestrator.ports.workspace import Delivery, WorkspaceError

_log = logging.getLogger(__name__)
_STOP_TIMEOUT_S = 60.0
_PAGE = 1_000
_LISTED = 1_000
"""How many missions a list shows, the newest."""


@dataclass(frozen=True, slots=True)
class StartRequest:
    """What a client says when it starts a mission. `host` is a host's name, for the scripted one with its file.

    A second request with the same `key` answers the mission of the first. See `commands.AcceptMission`.
    """

    text: str
    host: str
    delivery: DeliveryMode
    is_trusted: bool
    max_iterations: int
    approval: ApprovalMode = ApprovalMode.NEVER
    limits: tuple[Limit, ...] = ()
    wall_time_s: float = 0.0
    key: str = ""
    context: tuple[str, ...] = ()
    models: tuple[tuple[str, str], ...] = ()


class MissionService:
    """One workspace's missions: one active, the others queued in the order of their coming. Made by `open_service`."""

    def __init__(self, rooms: Rooms, publisher: Publisher, ledgers: dict[str, Ledger]) -> None:
        """Serve these ledgers; `open_service` runs the queue."""
        self._rooms = rooms
        self._publisher = publisher
        self._ledgers = ledgers
        # Also what memory has let go and somebody still works with: no mission ever has two owners.
        self._owners = WeakValueDictionary(ledgers)
        self._past: list[MissionSummary] | None = None
        self._queue: list[str] = []
        self._arrived = anyio.Event()
        self._active_scope: anyio.CancelScope | None = None
        self._commander: Commander | None = None
        self._ended: dict[str, anyio.Event] = {}
        self._keys = {ledger.mission.key: mission_id for mission_id, ledger in ledgers.items() if ledger.mission.key}

    async def start(self, request: StartRequest) -> tuple[Mission, int]:
        """Take a mission in; answers it and the number of missions before it. Raises OrchestratorError."""
        if known := self._keys.get(request.key):
            await self.recall(known)
            return self.get(known), self._position(known)
        if len(self._queue) >= self._rooms.limits.queued_missions:
            raise OrchestratorError("queue_full", f"{len(self._queue)} missions wait already", "stop some of them")
        self._rooms.open_host(request.host)
        if request.is_trusted:
            self._rooms.remember_trust()
        ledger = Ledger(self._rooms.journal, self._publisher, Mission())
        mission_id = self._rooms.ids.new("m")
        if request.key:
            self._keys[request.key] = mission_id
        self._ledgers[mission_id] = self._owners[mission_id] = ledger
        try:
            await ledger.do(
                AcceptMission(
                    mission_id,
                    request.text,
                    self._rooms.workspace.root,
                    request.host,
                    request.delivery,
                    request.is_trusted or self._rooms.is_trusted(),
                    max(1, min(request.max_iterations, self._rooms.limits.max_iterations)),
                    request.approval,
                    request.limits,
                    request.wall_time_s,
                    request.key,
                    request.context,
                    request.models,
                )
            )
        except BaseException:
            self._ledgers.pop(mission_id)
            self._keys.pop(request.key, None)
            raise
        before = len(self._queue)
        self.enqueue(mission_id)
        return ledger.mission, before

    def enqueue(self, mission_id: str) -> None:
        """Have an accepted mission run when those before it have ended."""
        self._ended[mission_id] = anyio.Event()
        self._queue.append(mission_id)
        self._arrived.set()

    async def stop(self, mission_id: str, reason: str = "stopped by the user") -> Mission:
        """End a mission, running or queued; returns when all it started is reaped. Its work so far is kept."""
        ledger = self.ledger(mission_id)
        ended = self._ended.get(mission_id)
        if ledger.mission.status.is_terminal or ended is None:
            return ledger.mission
        if self._queue and self._queue[0] == mission_id and self._active_scope is not None:
            self._active_scope.cancel()
            with anyio.move_on_after(_STOP_TIMEOUT_S) as waiting:
                await ended.wait()
            if waiting.cancelled_caught:
                raise OrchestratorError("stop_timeout", f"mission {mission_id} did not end in {_STOP_TIMEOUT_S:.0f} s")
        else:
            self._queue.remove(mission_id)
        await self._stopped(ledger, reason)
        ended.set()
        return ledger.mission

    async def do(self, mission_id: str, *commands: Command) -> list[Event]:
        """Carry out what a client asks of a mission, by the rules of the domain. Raises RuleViolation.

        Answers once it is on disk. The commander sees it at its next step.
        """
        return await self.ledger(mission_id).do(*commands)

    async def retry(self, mission_id: str, by: str) -> Mission:
        """Try an ended mission again, with the tasks that had failed; its merged work stays. Raises RuleViolation."""
        ledger = self.ledger(mission_id)
        await ledger.do(Reopen(by))
        self.enqueue(mission_id)
        return ledger.mission

    async def stop_task(self, mission_id: str, task_id: str, by: str) -> Mission:
        """Pause a task and end its attempt; returns when that is reaped. Raises RuleViolation."""
        ledger = self.ledger(mission_id)
        task = ledger.mission.tasks.get(task_id)
        if task is None or not task.is_paused:
            await ledger.do(HoldTask(task_id, by, is_held=True))
        if self._commander is not None and self._queue and self._queue[0] == mission_id:
            for running in line_below(ledger.mission.tasks, ledger.mission.tasks[task_id]):
                await self._commander.stop_task(running.spec.id, f"stopped by {by}")
        return ledger.mission

    async def undo(self, mission_id: str, task_id: str, by: str) -> tuple[str, ...]:
        """Take back one task's work, or ("") all that the mission wrote; the restored paths."""
        ledger = self.ledger(mission_id)
        if task_id:
            return await undo_task(ledger, self._rooms, task_id, by)
        return await undo_mission(ledger, self._rooms, by)

    def get(self, mission_id: str) -> Mission:
        """The mission's state. Raises OrchestratorError `unknown_mission`."""
        return self.ledger(mission_id).mission

    def missions(self) -> list[Mission]:
        """The missions in memory, oldest first: all that have not ended, and the newest that have."""
        return [ledger.mission for ledger in self._ledgers.values()]

    def active(self) -> str:
        """The mission that runs, "" when none does."""
        return self._queue[0] if self._queue else ""

    @property
    def is_busy(self) -> bool:
        """Whether a mission runs or waits to run."""
        return bool(self._queue)

    async def events(self, *, mission_id: str, after_seq: int, limit: int) -> list[Recorded]:
        """Events of one mission or ("") of all, from after a sequence number."""
        if mission_id:
            self.ledger(mission_id)
        return await self._rooms.journal.read(after_seq=after_seq, mission_id=mission_id, limit=min(limit, _PAGE))

    async def changed_paths(self, mission_id: str) -> tuple[str, ...]:
        """The paths that the mission's merged work changes."""
        mission = self.get(mission_id)
        if mission.tip == mission.base_commit:
            return ()
        return await self._rooms.workspace.changed_paths(mission.base_commit, mission.tip)

    async def diff(self, mission_id: str, task_id: str = "") -> str:
        """Unified diff of the mission's merged work, or of the part of one task."""
        mission = self.get(mission_id)
        if not mission.base_commit:
            return ""
        if not task_id:
            return await self._rooms.workspace.diff(mission.base_commit, mission.tip)
        task = mission.tasks.get(task_id)
        if task is None:
            raise OrchestratorError("unknown_task", f"mission {mission_id} has no task {task_id!r}")
        if task.status is not TaskStatus.DONE or not task.merged_to:
            return ""
        return await self._rooms.workspace.diff(task.merged_from, task.merged_to)

    async def deliver(self, mission_id: str, mode: DeliveryMode) -> Delivery:
        """Bring the work of an ended mission to the user. Raises OrchestratorError while it runs."""
        ledger = self.ledger(mission_id)
        if not ledger.mission.status.is_terminal:
            raise OrchestratorError(
                "mission_active", f"mission {mission_id} is {ledger.mission.status.value}", "stop it first"
            )
        if not ledger.mission.base_commit:
            raise OrchestratorError("nothing_to_deliver", f"mission {mission_id} has no work")
        return await deliver(ledger, self._rooms, mode)

    def plan_question(self, mission_id: str, version: int) -> str:
        """The id of the question whether the plan at this version may run. Raises RuleViolation."""
        mission = self.get(mission_id)
        if not mission.plan_version:
            raise RuleViolation("no_plan", f"mission {mission_id} has no plan yet")
        if version != mission.plan_version:
            raise plan_conflict(mission, version)
        return plan_question_id(mission.id, mission.planned_version)

    async def summary(self, mission_id: str) -> str:
        """What a mission did, as Markdown."""
        mission = self.get(mission_id)
        return self._rooms.projection.summary(mission, await history(self._rooms.journal, mission_id))

    async def page(self, mission_id: str) -> str:
        """The same as one HTML file."""
        mission = self.get(mission_id)
        return self._rooms.projection.page(mission, await history(self._rooms.journal, mission_id))

    def estimate(self, mission_id: str, host: str) -> Estimate:
        """What a mission on this host, or ("" for none) the running one, is likely to need."""
        running = self.get(mission_id) if mission_id else None
        return estimate(self.missions(), running, running.host if running else host)

    @property
    def root(self) -> str:
        """The workspace's folder."""
        return self._rooms.workspace.root

    @property
    def jobs(self) -> Jobs:
        """The background jobs of sessions."""
        return self._rooms.jobs

    @property
    def hosted(self) -> HostedSessions:
        """Where clients that host sessions come and go."""
        return self._rooms.hosted

    def subscribe(self) -> AbstractContextManager[MemoryObjectReceiveStream[Recorded]]:
        """Events from now on, in order; the stream ends for a subscriber that lags too far behind."""
        return self._publisher.subscribe()

    async def run_queue(self) -> None:
        """Run missions one after another until cancelled. Raises JournalError when a mission can't be recorded."""
        while True:
            while not self._queue:
                self._arrived = anyio.Event()
                await self._arrived.wait()
            mission_id = self._queue[0]
            await self._run(mission_id)
            if self._queue and self._queue[0] == mission_id:
                self._queue.pop(0)
            self._ended[mission_id].set()
            self._forget_old()
            if not self._queue:
                await self._tidy()

    async def _tidy(self) -> None:
        """Keep the disk space of ended missions within its cap."""
        unfinished = [ledger.mission for ledger in self._ledgers.values() if not ledger.mission.is_over]
        tasks = [task for mission in unfinished for task in mission.tasks.values()]
        commits = {commit for task in tasks for commit in (task.checkpoint, task.start_commit) if commit}
        try:
            dropped = await self._rooms.workspace.tidy({mission.id for mission in unfinished}, commits)
        except WorkspaceError as error:
            _log.warning("disk space could not be freed: %s", error)
        else:
            if dropped:
                _log.info("the work of %d old missions was dropped to stay within its size", len(dropped))

    async def listed(self) -> list[Mission | MissionSummary]:
        """The newest missions, at most 1,000, oldest first; those that memory has let go as the journal sums them up.

        Raises JournalError.
        """
        if self._past is None:
            self._past = await self._rooms.journal.summaries(limit=_LISTED)
        past = {summary.id: summary for summary in self._past}
        ids = [*past, *(mission_id for mission_id in self._ledgers if mission_id not in past)]
        found = [self._ledgers[i].mission if i in self._ledgers else past[i] for i in ids[-_LISTED:]]
        return [mission for mission in found if mission.id]

    def knows(self, mission_id: str) -> bool:
        """Whether the mission is in memory."""
        return mission_id in self._ledgers

    async def recall(self, mission_id: str) -> None:
        """Bring an ended mission that memory has let go back from the journal; unknown ids do nothing.

        Raises JournalError `events_archived` when retention has dropped it.
        """
        if self.knows(mission_id):
            return
        mission = await self._rooms.journal.mission(mission_id)
        if mission.id and not self.knows(mission_id):
            owner = self._owners.get(mission_id) or Ledger(self._rooms.journal, self._publisher, mission)
            self._ledgers[mission_id] = self._owners[mission_id] = owner
            self._forget_old()

    def _forget_old(self) -> None:
        for mission_id in forgettable(self._ledgers):
            del self._ledgers[mission_id]
            self._ended.pop(mission_id, None)
            self._past = None

    async def _run(self, mission_id: str) -> None:
        ledger = self._ledgers[mission_id]
        with anyio.CancelScope() as scope:
            self._active_scope = scope
            try:
                host = await self._open_host(ledger)
                hold = Hold(ledger)
                rooms = MissionRooms(self._rooms, host, self._rooms.new_gates(), self._rooms.limits, hold)
                self._commander = Commander(ledger, rooms)
                await self._commander.run()
            except* JournalError as group:
                # Nothing that happens now could be kept, and nobody could be told: the server must not go on.
                _log.critical("mission %s can't go on: %s", mission_id, innermost(group))
                raise
            finally:
                self._active_scope = None
                self._commander = None

    async def _open_host(self, ledger: Ledger) -> Host:
        """The mission's host; while it can't be opened the mission is paused, and a resume tries again."""
        while True:
            try:
                return self._rooms.open_host(ledger.mission.host)
            except OrchestratorError as error:
                if not ledger.mission.is_paused:
                    await ledger.do(Pause("server", f"its host can't be opened: {error}"))
                while ledger.mission.is_paused:
                    await ledger.changed_since(ledger.mission.version)

    async def _stopped(self, ledger: Ledger, reason: str) -> None:
        if ledger.mission.status.is_terminal:
            return
        hint = "orchestrator diff shows the work so far, orchestrator deliver brings it to you"
        with anyio.CancelScope(shield=True):
            try:
                await ledger.do(EndMission(MissionStatus.STOPPED, "stopped", reason, hint))
            except RuleViolation:
                _log.info("mission %s ended by itself while it was stopped", ledger.mission.id)

    def _position(self, mission_id: str) -> int:
        return self._queue.index(mission_id) if mission_id in self._queue else 0

    def ledger(self, mission_id: str) -> Ledger:
        """The owner of a mission's state. Raises OrchestratorError `unknown_mission`."""
        ledger = self._ledgers.get(mission_id)
        if ledger is None or not ledger.mission.id:
            raise OrchestratorError(
                "unknown_mission", f"there is no mission {mission_id!r}", "orchestrator status lists the missions"
            )
        return ledger


@asynccontextmanager
async def open_service(rooms: Rooms) -> AsyncGenerator[MissionService]:
    """The missions of a workspace, folded from its journal, with the queue running until the context ends.

    Missions that an earlier server left are taken up again. At the end of the context everything that runs is reaped;
    missions under way stay as they are, for the next server to take up.
    """
    ledgers, publisher = await restore(rooms)
    service = MissionService(rooms, publisher, ledgers)
    projector = Projector(rooms, service.ledger, service.active)
    publisher.listen(projector.notice)
    try:
        for mission_id, ledger in ledgers.items():
            if not ledger.mission.is_over:
                await take_up(ledger)
                service.enqueue(mission_id)
        async with anyio.create_task_group() as group:
            group.start_soon(service.run_queue)
            group.start_soon(projector.run)
            yield service
            group.cancel_scope.cancel()
    finally:
        with anyio.CancelScope(shield=True):
            await projector.flush()
