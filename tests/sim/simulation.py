"""One world from one seed: the real engine on a virtual clock, with everything around it in memory.

`python tests/sim/simulation.py SEED` plays one again and prints its events.
"""

from __future__ import annotations

import logging
import os
import random
import sys
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import anyio
import anyio.to_thread
from sim_host import FaultPlan, SimHost
from sim_rooms import CountedIds, Killed, MemoryJournal, NoFiles, NoJobs, SimClock, SimGates, SimTools
from sim_rules import Rules
from sim_workspace import Disk, SimWorkspace

from orchestrator.domain.budget import MISSION, Limit
from orchestrator.domain.commands import AnswerQuestion, ChangeBudget, HoldTask, Pause, Resume, RevisePlan, Steer
from orchestrator.domain.evolve import fold
from orchestrator.domain.mission import Mission
from orchestrator.domain.plan import TaskSpec
from orchestrator.domain.revision import EditKind, PlanEdit
from orchestrator.domain.words import Answer, ApprovalMode, DeliveryMode, MissionStatus, QuestionKind, TaskStatus
from orchestrator.engine.limits import Limits
from orchestrator.engine.rooms import Rooms
from orchestrator.engine.service import MissionService, StartRequest, open_service
from orchestrator.errors import OrchestratorError
from orchestrator.testing.virtual_time import VirtualTimeStuck, run_virtual

SILENCE_S = 3_600.0
"""While a mission has not ended, something happens within this time, whatever goes wrong."""
REPLAY = "PYTHONHASHSEED=0 python tests/sim/simulation.py {seed}"


@dataclass
class Outcome:
    """How a world went. `problems` are broken rules."""

    seed: int
    problems: list[str] = field(default_factory=list[str])
    status: str = ""
    events: Counter[str] = field(default_factory=Counter[str])
    lives: int = 0
    trace: list[str] = field(default_factory=list[str])

    def report(self) -> str:
        """What a person needs to look into it."""
        return (
            f"seed {self.seed} ({self.status}): {'; '.join(self.problems[:5])}\nagain: {REPLAY.format(seed=self.seed)}"
        )


def draw_tasks(chance: random.Random) -> list[TaskSpec]:
    """A graph of 1 to 24 tasks. Some share files, so that they must take turns."""
    count = chance.choice((1, 3, 8, 8, 16, 24))
    shared = chance.choice((0.0, 0.2, 0.6))
    tasks: list[TaskSpec] = []
    for n in range(count):
        names = sorted(chance.sample([task.id for task in tasks], min(n, chance.choice((0, 0, 1, 2)))))
        paths = [f"src/f{n}.py"]
        if chance.random() < shared:
            paths = [chance.choice(("src/common.py", "src/", "lib/one.py", "lib/", f"lib/f{n}.py"))]
        if chance.random() < 0.2:
            paths.append(f"docs/p{chance.randint(0, 3)}.md")
        tasks.append(
            TaskSpec(f"t{n}", f"Do {n}", "why", tuple(paths), tuple(names), size=chance.choice(("small", "medium")))
        )
    return tasks


class World:
    """Everything of one seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - no secret
        self.outcome = Outcome(seed)
        self.disk = Disk({"src/f0.py": "old", "README": "hello", "lib/one.py": "one"})
        self.tasks = draw_tasks(self.chance)
        self.host = SimHost(seed, FaultPlan.draw(self.chance), self.tasks)
        self.rules = Rules(self.disk, anyio.current_time)
        self.journal = MemoryJournal(self.chance, self.rules.take)
        self.ids = CountedIds()
        self.conflict_share = self.chance.choice((0.0, 0.0, 0.05))
        self.deaths = self.chance.choice((0, 0, 1, 3))
        self.is_restless = self.chance.random() < 0.6
        self.memory = self.chance.choice((0.3, 0.3, 0.85, 0.95))
        tokens = Limit(MISSION, "tokens", self.chance.randint(2_000, 60_000))
        limits = (tokens,) if self.chance.random() < 0.4 else ()
        self.request = StartRequest(
            "simulate",
            "sim",
            DeliveryMode.APPLY,
            is_trusted=True,
            max_iterations=20,
            approval=self.chance.choice((ApprovalMode.NEVER, ApprovalMode.NEVER, ApprovalMode.PLAN)),
            limits=limits,
            key="once",
        )
        self.retries = self.chance.choice((0, 0, 1))
        self.limits = Limits(slots=self.chance.choice((1, 4, 50)))

    def rooms(self) -> Rooms:
        """A new server's view of what outlived the last one."""
        alive = self.journal.alive
        files: Any = NoFiles()
        jobs: Any = NoJobs()
        hosted: Any = None
        self.workspace = SimWorkspace(self.disk, self.chance, alive, self.conflict_share)
        return Rooms(
            workspace=self.workspace,
            journal=self.journal,
            tools=SimTools(self.disk, alive),
            projection=files,
            todo=files,
            hosted=hosted,
            jobs=jobs,
            clock=SimClock(),
            ids=self.ids,
            limits=self.limits,
            open_host=lambda _: self.host,
            new_gates=lambda: SimGates(self.disk, self.chance, alive),
            tighten=lambda limits, _: limits,
            is_trusted=lambda: True,
            remember_trust=lambda: None,
            memory_share=lambda: self.memory if anyio.current_time() % 200 < 100 else 0.3,
        )

    async def play(self) -> None:
        """Live, die and live again until the mission has ended."""
        while True:
            self.outcome.lives += 1
            self.journal.is_dead = False
            self.journal.kill_at = self.chance.randint(3, 250) if self.outcome.lives <= self.deaths else None
            try:
                async with self._served() as service:
                    await self._live(service)
                    self._judge(service)
            except BaseExceptionGroup as group:
                _, other = group.split(Killed)
                if other is not None or not self.journal.is_dead:
                    raise
                self.host.restarted()
            except Killed:
                self.host.restarted()
            else:
                return

    @asynccontextmanager
    async def _served(self) -> AsyncGenerator[MissionService]:
        async with open_service(self.rooms()) as service:
            yield service

    async def _live(self, service: MissionService) -> None:
        mission, _ = await service.start(self.request)
        async with anyio.create_task_group() as group:
            group.start_soon(self._answer, service, mission)
            if self.is_restless:
                group.start_soon(self._meddle, service, mission)
            group.start_soon(self._listen, group.cancel_scope)
            while True:
                await self._ended(service, mission)
                if mission.status is MissionStatus.SEALED or self.retries <= 0 or mission.is_undone:
                    break
                self.retries -= 1
                with suppress(OrchestratorError):
                    await service.retry(mission.id, "sim")
            group.cancel_scope.cancel()

    async def _listen(self, life: anyio.CancelScope) -> None:
        """Give up when nothing happens any more."""
        while True:
            count = len(self.journal.recorded)
            await anyio.sleep(SILENCE_S)
            if len(self.journal.recorded) == count:
                self.outcome.problems.append(f"nothing happened for {SILENCE_S:.0f} s")
                life.cancel()

    async def _ended(self, service: MissionService, mission: Mission) -> None:
        while not mission.status.is_terminal or service.is_busy:
            await service.ledger(mission.id).changed_since(mission.version) if not mission.status.is_terminal else None
            await anyio.sleep(0.5)

    async def _answer(self, service: MissionService, mission: Mission) -> None:
        """A person who answers every question, and lets go what was held."""
        while True:
            await anyio.sleep(self.chance.uniform(5, 60))
            for question in list(mission.questions.values()):
                with suppress(OrchestratorError):
                    if question.kind is QuestionKind.BUDGET:
                        more = mission.budget.used(MISSION, "tokens") + self.chance.randint(3_000, 40_000)
                        await service.do(mission.id, ChangeBudget("sim", (Limit(MISSION, "tokens", more),)))
                    answer = Answer.DENY if self.chance.random() < 0.05 else Answer.ALLOW
                    await service.do(mission.id, AnswerQuestion(question.id, answer, "sim"))
            with suppress(OrchestratorError):
                if mission.is_paused:
                    await service.do(mission.id, Resume("sim"))
            for task in list(mission.tasks.values()):
                if task.is_paused:
                    with suppress(OrchestratorError):
                        await service.do(mission.id, HoldTask(task.spec.id, "sim", is_held=False))

    async def _meddle(  # noqa: C901, PLR0912 - one arm a deed
        self, service: MissionService, mission: Mission
    ) -> None:
        """A person who pauses, steers, stops and edits at random."""
        added = 0
        while True:
            await anyio.sleep(self.chance.expovariate(1 / 40))
            if mission.status.is_terminal:
                continue
            names = sorted(mission.tasks) or ["none"]
            name = self.chance.choice(names)
            with suppress(OrchestratorError):
                match self.chance.randint(0, 8):
                    case 0:
                        await service.do(mission.id, Pause("sim", "a break"))
                    case 1:
                        await service.do(mission.id, HoldTask(name, "sim", is_held=True))
                    case 2:
                        await service.do(mission.id, Steer(name, "sim", "hurry"))
                    case 3:
                        await service.stop_task(mission.id, name, "sim")
                        if self.chance.random() < 0.7:
                            await service.do(mission.id, HoldTask(name, "sim", is_held=False))
                    case 4:
                        kind = self.chance.choice((EditKind.STRIKE, EditKind.TICK, EditKind.REOPEN))
                        await service.do(mission.id, RevisePlan(mission.plan_version, "sim", (PlanEdit(kind, name),)))
                    case 5 if added < 3:
                        added += 1
                        paths = self.chance.choice(((), ("src/common.py",), (f"new/{added}.py",)))
                        before = tuple(self.chance.sample(names, min(1, len(mission.tasks))))
                        edit = PlanEdit(EditKind.ADD, f"added{added}", "more", paths, before)
                        await service.do(mission.id, RevisePlan(mission.plan_version, "sim", (edit,)))
                    case 6 if mission.tasks:
                        group = self.chance.choice(("", *names))
                        edit = PlanEdit(EditKind.MOVE, name, group_id=group)
                        await service.do(mission.id, RevisePlan(mission.plan_version, "sim", (edit,)))
                    case 7 if mission.tasks and mission.tasks[name].status is TaskStatus.DONE:
                        await service.undo(mission.id, name, "sim")
                    case 8 if self.chance.random() < 0.1:
                        await service.stop(mission.id)
                    case _:
                        pass

    def _judge(self, service: MissionService) -> None:
        """What must hold when all has ended."""
        problems = self.outcome.problems
        for mission in service.missions():
            self.outcome.status = f"{mission.status.value} {mission.end_code}".strip()
            if not mission.status.is_terminal:
                problems.append(f"mission {mission.id} is {mission.status.value}")
            if mission.end_code in {"internal_error", "write_set_leased"}:
                problems.append(f"ended by a defect: {mission.end_reason}")
            events = [item.event for item in self.journal.recorded if item.mission_id == mission.id]
            if fold(events) != mission:
                problems.append("the journal folds to another state")
            if mission.leases:
                problems.append(f"leases are left: {sorted(mission.leases)}")
            if mission.budget.open and mission.status is MissionStatus.SEALED:
                problems.append(f"reservations are left: {sorted(mission.budget.open)}")
        if self.host.open_sessions:
            problems.append(f"{self.host.open_sessions} sessions are left open")
        if self.workspace.checked_out:
            problems.append(f"worktrees are left: {sorted(self.workspace.checked_out)}")


async def _inline(function: Callable[..., Any], *args: object, **_: object) -> Any:
    """Threads would let real time in."""
    return function(*args)


def simulate(seed: int, sabotage: Callable[[], Any] | None = None) -> Outcome:
    """Play one world; `sabotage` makes a context manager that breaks the engine meanwhile."""
    world: list[World] = []

    async def main() -> None:
        world.append(World(seed))
        with mock.patch.object(anyio.to_thread, "run_sync", _inline):
            if sabotage is None:
                await world[0].play()
            else:
                with sabotage():
                    await world[0].play()

    random.seed(seed)
    try:
        run_virtual(main, stuck_after_s=0.5)
    except VirtualTimeStuck as error:
        world[0].outcome.problems.append(f"stuck: {error}")
    except BaseException as error:  # noqa: BLE001 - whatever escapes the engine is a finding
        world[0].outcome.problems.append(f"escaped: {_innermost(error)!r}")
    outcome = world[0].outcome
    outcome.problems[:0] = world[0].rules.problems
    outcome.events = Counter(type(item.event).__name__ for item in world[0].journal.recorded)
    outcome.trace = [f"{item.seq} {item.at_s:.3f} {item.event}" for item in world[0].journal.recorded]
    return outcome


def _innermost(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def quiet() -> None:
    """Faults are the point here; the log would be nothing else."""
    logging.getLogger("orchestrator").setLevel(logging.CRITICAL + 1)


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "PYTHONHASHSEED": "0"})  # noqa: S606 - this program again
    played = simulate(int(sys.argv[1]))
    sys.stdout.write("\n".join(played.trace) + f"\n{played.report()}\n")
