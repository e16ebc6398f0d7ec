"""The other rooms in memory: journal, gates, tools, and files that nobody reads."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import anyio
from sim_workspace import Disk

from orchestrator.domain.events import Event
from orchestrator.domain.evolve import evolve
from orchestrator.domain.finding import Finding
from orchestrator.domain.mission import Mission
from orchestrator.domain.plan import TaskSpec, outside
from orchestrator.domain.receipt import Check, GateReport, Receipt
from orchestrator.domain.words import Role, Sensitivity, Stage, Verdict
from orchestrator.ports.gates import CheckChoice
from orchestrator.ports.host import ToolDescription, ToolError
from orchestrator.ports.jobs import Job, JobOwner
from orchestrator.ports.journal import MissionSummary, Recorded, Restored
from orchestrator.ports.material import Material
from orchestrator.ports.todo import TodoPair
from orchestrator.ports.workspace import Worktree

BAD = {Stage.ATTEMPT: "BAD-ATTEMPT", Stage.MERGE: "BAD-MERGE", Stage.SEAL: "BAD-SEAL"}
"""What a file holds that the gates refuse from this stage on."""


class Killed(BaseException):
    """The server was killed: nothing of it goes on."""


class MemoryJournal:
    """Keeps events in order. `watch` sees each right when it is kept; `kill_at` many appends later the server dies."""

    def __init__(self, chance: random.Random, watch: Callable[[Recorded], None]) -> None:
        self.recorded: list[Recorded] = []
        self.kill_at: int | None = None
        self.is_dead = False
        self._chance = chance
        self._watch = watch

    def alive(self) -> None:
        """Raises Killed once the server is dead."""
        if self.is_dead:
            raise Killed

    async def append(self, mission_id: str, events: Sequence[Event]) -> list[Recorded]:
        self.alive()
        if self.kill_at is not None:
            self.kill_at -= 1
            if self.kill_at <= 0:
                self.kill_at = None
                self.is_dead = True
                if self._chance.random() < 0.5:
                    self._keep(mission_id, events)
                raise Killed
        kept = self._keep(mission_id, events)
        await anyio.sleep(self._chance.choice((0.0, 0.0, 0.002)))
        self.alive()
        return kept

    def _keep(self, mission_id: str, events: Sequence[Event]) -> list[Recorded]:
        kept: list[Recorded] = []
        for event in events:
            recorded = Recorded(len(self.recorded) + 1, mission_id, anyio.current_time(), event)
            self.recorded.append(recorded)
            kept.append(recorded)
            self._watch(recorded)
        return kept

    async def read(self, *, after_seq: int = 0, mission_id: str = "", limit: int = 1_000) -> list[Recorded]:
        self.alive()
        found = [item for item in self.recorded[after_seq:] if not mission_id or item.mission_id == mission_id]
        return found[:limit]

    async def mission_ids(self) -> list[str]:
        return list(dict.fromkeys(item.mission_id for item in self.recorded))

    def folded(self) -> dict[str, Mission]:
        """Every mission as its events say."""
        missions: dict[str, Mission] = {}
        for item in self.recorded:
            evolve(missions.setdefault(item.mission_id, Mission()), item.event)
        return missions

    async def load(self, *, max_finished_tasks: int = 1_000) -> Restored:
        return Restored(len(self.recorded), list(self.folded().values()))

    async def mission(self, mission_id: str) -> Mission:
        return self.folded().get(mission_id, Mission())

    async def summaries(self, *, limit: int = 1_000) -> list[MissionSummary]:
        return []


class SimGates:
    """Judges by marks in the files, deterministically; takes its time."""

    def __init__(self, disk: Disk, chance: random.Random, alive: Callable[[], None]) -> None:
        self._disk = disk
        self._chance = chance
        self._alive = alive

    async def choose(self, worktree: Worktree, *, is_trusted: bool) -> CheckChoice:
        return CheckChoice((Check("sim", "true", Stage.MERGE, 60.0, True, "sim"),), (), ())

    def approve_judges(self, paths: Iterable[str]) -> None:
        pass

    async def judge_base(self, worktree: Worktree) -> list[GateReport]:
        await anyio.sleep(self._chance.uniform(0, 2))
        return [GateReport("marks", Verdict.CLEAN)]

    async def judge(self, stage: Stage, worktree: Worktree, paths: Sequence[str]) -> list[GateReport]:
        self._alive()
        await anyio.sleep(self._chance.uniform(0, 3))
        self._alive()
        marks = [BAD[Stage.ATTEMPT]]
        if stage is not Stage.ATTEMPT:
            marks.append(BAD[Stage.MERGE])
        if stage is Stage.SEAL:
            marks.append(BAD[Stage.SEAL])
        findings = tuple(
            Finding("marks", "bad-mark", path, f"holds {mark}")
            for path, content in sorted(self._disk.trees[worktree.tree].items())
            for mark in marks
            if mark in content and (path in paths or stage is Stage.SEAL)
        )
        report = GateReport("marks", Verdict.FAILED if findings else Verdict.CLEAN, findings)
        if stage is not Stage.SEAL:
            return [report]
        receipt = Receipt(
            "sim", "true", stage, worktree.tree, 0, Verdict.CLEAN, 1.0, "d", 1, "sim", Sensitivity.SENSITIVE
        )
        return [report, GateReport("check:sim", Verdict.CLEAN, (), (receipt,))]


class SimToolbox:
    """Writes in one worktree, within the write set."""

    def __init__(self, disk: Disk, worktree: Worktree, write_set: tuple[str, ...], alive: Callable[[], None]) -> None:
        self._disk = disk
        self._worktree = worktree
        self._write_set = write_set
        self._alive = alive

    @property
    def names(self) -> tuple[str, ...]:
        return ("write_file", "read_file", "escape")

    def describe(self) -> tuple[ToolDescription, ...]:
        return ()

    async def call(self, name: str, arguments: Mapping[str, object]) -> dict[str, object]:
        self._alive()
        await anyio.sleep(0.05)
        self._alive()
        path = str(arguments["path"])
        files = self._disk.folders[self._worktree.path]
        if name == "read_file":
            return {"content": files.get(path, "")}
        if name == "write_file" and outside(self._write_set, [path]):
            raise ToolError("outside_write_set", f"{path} is not yours")
        files[path] = str(arguments["content"])  # `escape` stands for a shell that writes where it likes
        return {}


@dataclass
class SimTools:
    """Hands toolboxes out."""

    disk: Disk
    alive: Callable[[], None]

    def toolbox(
        self,
        role: Role,
        worktree: Worktree,
        write_set: tuple[str, ...],
        owner: JobOwner | None = None,
        *,
        checks: tuple[Check, ...] = (),
    ) -> SimToolbox:
        return SimToolbox(self.disk, worktree, write_set, self.alive)

    async def scratch(self, worktree: Worktree) -> None:
        self.alive()

    async def drop_scratch(self, worktree: Worktree) -> None:
        self.alive()

    async def material(self, worktree: Worktree, task: TaskSpec, mission_text: str) -> Material:
        return Material()


class NoJobs:
    """Nobody starts any."""

    def list(self, mission_id: str, session_id: str = "") -> list[Job]:
        return []

    async def end(self, session_id: str) -> None:
        pass


class NoFiles:
    """The readable files, which nobody reads here."""

    def write_summary(self, *_: object) -> None:
        pass

    def summary(self, *_: object) -> str:
        return ""

    def page(self, *_: object) -> str:
        return ""

    def stamp(self) -> tuple[int, int, int]:
        return (0, 0, 0)

    def read(self) -> TodoPair:
        return TodoPair(None, None)

    def write(self, text: str, expected: str | None) -> str | None:
        return None

    def settle(self, text: str) -> None:
        pass


class SimClock:
    """Virtual wall-clock time."""

    def now_s(self) -> float:
        return anyio.current_time()


@dataclass
class CountedIds:
    """a-1, a-2, …: never the same twice, also over restarts."""

    counts: dict[str, int] = field(default_factory=dict[str, int])

    def new(self, prefix: str) -> str:
        self.counts[prefix] = self.counts.get(prefix, 0) + 1
        return f"{prefix}-{self.counts[prefix]}"
