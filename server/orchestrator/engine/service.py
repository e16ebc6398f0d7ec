"""The missions of one workspace: what clients ask for and what runs."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream

from orchestrator.domain.commands import AcceptMission, EndMission
from orchestrator.domain.evolve import fold
from orchestrator.domain.mission import Mission
from orchestrator.domain.words import DeliveryMode, MissionStatus, TaskStatus
from orchestrator.engine.commander import Commander, deliver
from orchestrator.engine.ledger import Ledger
from orchestrator.engine.projecting import Projector
from orchestrator.engine.publisher import Publisher
from orchestrator.engine.rooms import MissionRooms, Rooms
from orchestrator.errors import OrchestratorError
from orchestrator.ports.journal import JournalError, Recorded
from orchestrator.ports.workspace import Delivery

_log = logging.getLogger(__name__)
_STOP_TIMEOUT_S = 60.0
_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class StartRequest:
    """What a client says when it starts a mission. `host` is a host's name, for the scripted one with its file."""

    text: str
    host: str
    delivery: DeliveryMode
    is_trusted: bool
    max_iterations: int


class MissionService:
    """One workspace's missions: one active, the others queued in the order of their coming. Made by `open_service`."""

    def __init__(self, rooms: Rooms, publisher: Publisher, ledgers: dict[str, Ledger]) -> None:
        """Serve these ledgers; `open_service` runs the queue."""
        self._rooms = rooms
        self._publisher = publisher
        self._ledgers = ledgers
        self._mission_rooms: dict[str, MissionRooms] = {}
        self._queue: list[str] = []
        self._arrived = anyio.Event()
        self._active_scope: anyio.CancelScope | None = None
        self._ended: dict[str, anyio.Event] = {}

    async def start(self, request: StartRequest) -> tuple[Mission, int]:
        """Take a mission in; answers it and the number of missions before it. Raises OrchestratorError."""
        if len(self._queue) >= self._rooms.limits.queued_missions:
            raise OrchestratorError("queue_full", f"{len(self._queue)} missions wait already", "stop some of them")
        host = self._rooms.open_host(request.host)
        if request.is_trusted:
            self._rooms.remember_trust()
        ledger = Ledger(self._rooms.journal, self._publisher, Mission())
        mission_id = self._rooms.ids.new("m")
        await ledger.do(
            AcceptMission(
                mission_id,
                request.text,
                self._rooms.workspace.root,
                host.name,
                request.delivery,
                request.is_trusted or self._rooms.is_trusted(),
                max(1, min(request.max_iterations, self._rooms.limits.max_iterations)),
            )
        )
        before = len(self._queue)
        self._ledgers[mission_id] = ledger
        self._mission_rooms[mission_id] = MissionRooms(self._rooms, host, self._rooms.new_gates(), self._rooms.limits)
        self._ended[mission_id] = anyio.Event()
        self._queue.append(mission_id)
        self._arrived.set()
        return ledger.mission, before

    async def stop(self, mission_id: str, reason: str = "stopped by the user") -> Mission:
        """End a mission, running or queued; returns when all it started is reaped. Its work so far is kept."""
        ledger = self._ledger(mission_id)
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
            self._mission_rooms.pop(mission_id, None)
        await self._stopped(ledger, reason)
        ended.set()
        return ledger.mission

    def get(self, mission_id: str) -> Mission:
        """The mission's state. Raises OrchestratorError `unknown_mission`."""
        return self._ledger(mission_id).mission

    def missions(self) -> list[Mission]:
        """All missions, oldest first."""
        return [ledger.mission for ledger in self._ledgers.values()]

    async def events(self, *, mission_id: str, after_seq: int, limit: int) -> list[Recorded]:
        """Events of one mission or ("") of all, from after a sequence number."""
        if mission_id:
            self._ledger(mission_id)
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
        if task.status is not TaskStatus.DONE:
            return ""
        return await self._rooms.workspace.diff(task.merged_from, task.merged_to)

    async def deliver(self, mission_id: str, mode: DeliveryMode) -> Delivery:
        """Bring the work of an ended mission to the user. Raises OrchestratorError while it runs."""
        ledger = self._ledger(mission_id)
        if not ledger.mission.status.is_terminal:
            raise OrchestratorError(
                "mission_active", f"mission {mission_id} is {ledger.mission.status.value}", "stop it first"
            )
        if not ledger.mission.base_commit:
            raise OrchestratorError("nothing_to_deliver", f"mission {mission_id} has no work")
        return await deliver(ledger, self._rooms, mode)

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

    async def _run(self, mission_id: str) -> None:
        ledger = self._ledgers[mission_id]
        with anyio.CancelScope() as scope:
            self._active_scope = scope
            try:
                await Commander(ledger, self._mission_rooms[mission_id]).run()
            except* JournalError as group:
                # Nothing that happens now could be kept, and nobody could be told: the server must not go on.
                _log.critical("mission %s can't go on: %s", mission_id, group.exceptions[0])
                raise
            finally:
                self._active_scope = None
                self._mission_rooms.pop(mission_id, None)

    async def shut_down(self, reason: str) -> None:
        """Record that every mission that has not ended stops here."""
        for ledger in self._ledgers.values():
            if not ledger.mission.status.is_terminal:
                await self._stopped(ledger, reason)

    async def _stopped(self, ledger: Ledger, reason: str) -> None:
        if ledger.mission.status.is_terminal:
            return
        hint = "orchestrator diff shows the work so far, orchestrator deliver brings it to you"
        with anyio.CancelScope(shield=True):
            await ledger.do(EndMission(MissionStatus.STOPPED, "stopped", reason, hint))

    def _ledger(self, mission_id: str) -> Ledger:
        ledger = self._ledgers.get(mission_id)
        if ledger is None:
            raise OrchestratorError(
                "unknown_mission", f"there is no mission {mission_id!r}", "orchestrator status lists the missions"
            )
        return ledger


@asynccontextmanager
async def open_service(rooms: Rooms) -> AsyncGenerator[MissionService]:
    """The missions of a workspace, folded from its journal, with the queue running until the context ends.

    A mission that was under way when the last server ended is recorded as stopped; its work is kept. At the end of the
    context everything is stopped and reaped.
    """
    ledgers, publisher = await _restore(rooms)
    service = MissionService(rooms, publisher, ledgers)
    projector = Projector(rooms, service.get)
    publisher.listen(projector.notice)
    try:
        await service.shut_down("the server ended while the mission was under way")
        async with anyio.create_task_group() as group:
            group.start_soon(service.run_queue)
            group.start_soon(projector.run)
            yield service
            group.cancel_scope.cancel()
    finally:
        with anyio.CancelScope(shield=True):
            await service.shut_down("the server was asked to end")
            await projector.flush()


async def _restore(rooms: Rooms) -> tuple[dict[str, Ledger], Publisher]:
    recorded: dict[str, list[Recorded]] = {}
    last_seq = 0
    while page := await rooms.journal.read(after_seq=last_seq, limit=_PAGE):
        for item in page:
            recorded.setdefault(item.mission_id, []).append(item)
        last_seq = page[-1].seq
    publisher = Publisher(last_seq)
    ledgers = {
        mission_id: Ledger(rooms.journal, publisher, fold(item.event for item in items))
        for mission_id, items in recorded.items()
    }
    return ledgers, publisher
