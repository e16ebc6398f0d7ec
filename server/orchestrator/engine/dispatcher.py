"""Which tasks start now: the scheduler's order, within the slots of every lane and the memory of the machine."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import anyio

from orchestrator.domain.events import SlotsChanged
from orchestrator.engine.ledger import Ledger
from orchestrator.engine.rooms import MissionRooms
from orchestrator.engine.task_board import TaskBoard

PRESSED_SHARE = 0.8
"""Above this share of the memory, tasks with less than half of the longest remaining path wait."""
FULL_SHARE = 0.9
"""Above this one, nothing starts while something runs."""
POLL_S = 1.0
"""How often memory and a troubled lane are looked at again."""
_MOVED_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Turn:
    """A task that has a slot, and the model whose lane that is in."""

    task_id: str
    model: str


class Dispatcher:
    """Starts nothing itself: `take` names the next task, and `ended` gives its slot back."""

    def __init__(self, ledger: Ledger, rooms: MissionRooms, board: TaskBoard) -> None:
        """Begin with nothing running."""
        self._ledger = ledger
        self._rooms = rooms
        self._board = board
        self._running: Counter[str] = Counter()
        self._pressure = ""
        self.changed = anyio.Event()

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs."""
        return not self._running.total()

    def began(self, task_id: str) -> Turn:
        """A task runs, also when it was not taken here but goes on from before a restart."""
        turn = Turn(task_id, self._model(task_id))
        self._running[turn.model] += 1
        return turn

    def take(self) -> Turn | None:
        """The task that starts next; its slot is taken. None while none may start."""
        if self._ledger.mission.is_paused or self._running.total() >= self._rooms.limits.slots:
            return None
        least_s = self._least_s()
        if least_s is None:
            return None
        task_id = self._board.scheduler.take(self._open_lanes(), least_s)
        return None if task_id is None else self.began(task_id)

    def ended(self, turn: Turn, *, has_started: bool) -> None:
        """The attempt has ended, however it did, or did not start."""
        self._running[turn.model] -= 1
        if not has_started:
            self._board.give_back(turn.task_id)
        self.changed.set()

    async def tell(self) -> None:
        """Write down how many sessions may run and what holds more back, when that is news."""
        mission = self._ledger.mission
        models = {self._model(task.spec.id) for task in mission.open_tasks()} or {""}
        lanes = [self._rooms.lane(model) for model in sorted(models)]
        slots = min(self._rooms.limits.slots, sum(lane.limit for lane in lanes))
        causes = tuple(cause for cause in (self._pressure, *(lane.trouble() for lane in lanes)) if cause)
        moved = abs(slots - mission.slots)
        if causes != mission.slot_causes or moved > _MOVED_SHARE * mission.slots:
            await self._ledger.note(SlotsChanged(slots, causes))

    @property
    def poll_s(self) -> float:
        """After how long to look again though nothing was heard."""
        return POLL_S if self._pressure or self._ledger.mission.slot_causes else float("inf")

    def _open_lanes(self) -> list[str]:
        """Models that have a free slot; in a lane with an open circuit one session may find out whether it heals."""
        lanes = {model: self._rooms.lane(model) for model in {"", *self._ledger.mission.models.values()}}
        return [
            model
            for model, lane in lanes.items()
            if self._running[model] < (lane.limit if lane.breaker.is_closed else 1)
        ]

    def _least_s(self) -> float | None:
        """How long a remaining path a task must have to start now; None: nothing may."""
        share = self._rooms.shared.memory_share()
        if share is None or share <= PRESSED_SHARE or self.is_idle:
            self._pressure = ""
            return 0.0
        self._pressure = f"{share:.0%} of the memory is used"
        return None if share > FULL_SHARE else self._board.scheduler.longest_s() / 2

    def _model(self, task_id: str) -> str:
        mission = self._ledger.mission
        return mission.models.get(mission.tasks[task_id].spec.role.value, "")
