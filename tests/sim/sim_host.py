"""A host whose sessions work, fail, stall, loop and cheat as a seed says."""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import anyio
from sim_rooms import BAD

from orchestrator.agents.plan_format import render_plan
from orchestrator.domain.budget import Amounts
from orchestrator.domain.plan import TaskSpec
from orchestrator.domain.words import FailureKind, Role, Stage
from orchestrator.errors import OrchestratorError
from orchestrator.ports.host import Brief, Containment, HostError, Reply, SessionRoom, SessionSpec

ADVISERS = (Role.REVIEWER, Role.SEARCHER, Role.PLANNER)
"""Roles that some worlds have sessions for: a planner here plans stuck tasks anew."""


@dataclass
class FaultPlan:
    """What goes wrong in a world, drawn from its seed. Shares are of prompts, times virtual seconds."""

    failing: dict[FailureKind, float]
    stalling: float
    looping: float
    idle: float
    stray: float
    bad: dict[Stage, float]
    bad_plans: int
    storms: Sequence[tuple[float, float]]
    median_s: float
    lives_on: bool
    is_metered: bool
    advising: frozenset[Role]
    objecting: float

    @classmethod
    def draw(cls, chance: random.Random) -> FaultPlan:
        """Calm worlds and wild ones."""
        wild = chance.choice((0.0, 0.5, 1.0, 2.0))
        kinds = [
            FailureKind.RATE_LIMITED, FailureKind.CRASHED, FailureKind.UNAVAILABLE, FailureKind.CONTEXT_OVERFLOW,
            FailureKind.TOOL_FAILED, FailureKind.UNKNOWN, FailureKind.UNSUPPORTED,
        ]  # fmt: skip
        failing = {kind: wild * chance.uniform(0, 0.06) for kind in kinds}
        failing[FailureKind.UNSUPPORTED] /= 10
        storms = [
            (at, at + chance.uniform(5, 60)) for at in (chance.uniform(0, 400) for _ in range(chance.randint(0, 2)))
        ]
        return cls(
            failing,
            wild * chance.uniform(0, 0.03),
            wild * chance.uniform(0, 0.05),
            wild * chance.uniform(0, 0.05),
            wild * chance.uniform(0, 0.05),
            {stage: wild * chance.uniform(0, 0.15) for stage in BAD},
            chance.choice((0, 0, 0, 1, 2)),
            storms,
            chance.choice((0.5, 5.0, 40.0)),
            chance.random() < 0.4,
            chance.random() < 0.5,
            frozenset(role for role in ADVISERS if chance.random() < 0.5),
            chance.uniform(0, 0.7),
        )


@dataclass
class SimHost:
    """One for all lives of a server. `open_sessions` counts those that nobody has closed."""

    seed: int
    plan: FaultPlan
    tasks: Sequence[TaskSpec]
    name: str = "sim"
    containment: Containment = "contained"
    open_sessions: int = 0
    prompts: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    living: set[str] = field(default_factory=set[str])

    @property
    def is_metered(self) -> bool:
        return self.plan.is_metered

    def advises(self, role: Role) -> bool:
        return role in self.plan.advising

    def models(self, role: Role) -> tuple[str, ...]:
        return ("first", "second") if self.plan.is_metered else ()

    async def open(self, spec: SessionSpec, tools: SessionRoom) -> SimSession:
        await anyio.sleep(0.01)
        place = f"place-{spec.session_id}" if self.plan.lives_on and spec.role is not Role.PLANNER else ""
        self.living.add(place)
        return SimSession(self, spec, tools, place)

    async def attach(self, spec: SessionSpec, tools: SessionRoom, place: str) -> SimSession | None:
        await anyio.sleep(0.01)
        return SimSession(self, spec, tools, place) if place and place in self.living else None

    def restarted(self) -> None:
        """The server died: sessions without a place died with it."""
        self.open_sessions = 0


class SimSession:
    """One conversation."""

    def __init__(self, host: SimHost, spec: SessionSpec, tools: SessionRoom, place: str) -> None:
        self._host = host
        self._spec = spec
        self._tools = tools
        self.place = place
        self._is_open = True
        host.open_sessions += 1

    async def close(self) -> None:
        if self._is_open:
            self._is_open = False
            self._host.open_sessions -= 1
            self._host.living.discard(self.place)

    async def prompt(self, brief: Brief) -> Reply:
        host, task = self._host, self._spec.task_id
        number = host.prompts[brief.role.value, task] = host.prompts[brief.role.value, task] + 1
        chance = random.Random(f"{host.seed}:{brief.role.value}:{task}:{number}")  # noqa: S311 - no secret
        now = anyio.current_time()
        if any(begin <= now < end for begin, end in host.plan.storms):
            raise HostError(FailureKind.RATE_LIMITED, "storm", retry_after_s=chance.uniform(0.5, 20))
        await self._misbehave(chance)
        if brief.role in ADVISERS:
            await anyio.sleep(chance.uniform(0, 5))
            if brief.role is Role.PLANNER and brief.task is None:
                return self._plan(chance, number)
            return Reply(self._advice(brief, chance, number))
        await self._pay(chance)
        if chance.random() >= host.plan.idle:
            await self._write(brief, chance, number)
        return Reply(f"done {task} {number}")

    async def _misbehave(self, chance: random.Random) -> None:
        plan = self._host.plan
        draw = chance.random()
        for kind, share in plan.failing.items():
            draw -= share
            if draw < 0:
                await anyio.sleep(chance.uniform(0, plan.median_s))
                raise HostError(kind, f"sim {kind.value}", retry_after_s=chance.choice((None, 3.0)))
        draw -= plan.stalling
        if draw < 0:
            await anyio.sleep_forever()
        draw -= plan.looping
        while draw < 0:
            await self._tools.call("read_file", {"path": "same"})
            await anyio.sleep(1)

    def _advice(self, brief: Brief, chance: random.Random, number: int) -> str:
        """A report, a verdict, or two tasks in the place of one; sometimes nonsense."""
        if chance.random() < 0.1:
            return "I have no idea"
        if brief.role is Role.SEARCHER:
            return json.dumps({"summary": f"found {number}"})
        if brief.role is Role.REVIEWER:
            finding = {"path": "t0", "message": "wrong", "evidence_kind": "rule", "evidence": "R1"}
            objects = chance.random() < self._host.plan.objecting
            verdict = "request_changes" if objects else "approve"
            found = [{**finding, "is_blocking": True}] if objects else []
            return json.dumps({"verdict": verdict, "summary": "read", "findings": found})
        assert brief.task is not None
        half = len(brief.task.write_set) // 2 or 1
        sets = [brief.task.write_set[:half], brief.task.write_set[half:] or brief.task.write_set[:half]]
        name = f"{brief.task.id}-{number}"
        parts = [TaskSpec(f"{name}{n}", "part", "split", paths) for n, paths in enumerate(sets)]
        return render_plan(parts)

    def _plan(self, chance: random.Random, number: int) -> Reply:
        if number <= self._host.plan.bad_plans:
            return Reply(chance.choice(["no plan", '{"tasks": []}', '{"tasks": [{"id": "x"}]}']))
        return Reply(render_plan(tuple(self._host.tasks)))

    async def _pay(self, chance: random.Random) -> None:
        """One model call: the worst case before it, what it used after it."""
        worst = Amounts(tokens=1_000, turns=1)
        try:
            reservation = await self._tools.reserve(worst)
            await anyio.sleep(self._host.plan.median_s * math.exp(chance.gauss(0, 0.8)))
            await self._tools.settle(reservation, Amounts(tokens=chance.randint(10, 1_000), turns=1))
        except HostError:
            raise
        except OrchestratorError as error:
            raise HostError(FailureKind.BUDGET_EXHAUSTED, error.message) from error

    async def _write(self, brief: Brief, chance: random.Random, number: int) -> None:
        assert brief.task is not None
        share = 0.4 if brief.role is Role.FIXER else 1.0
        marks = [BAD[stage] for stage, bad in self._host.plan.bad.items() if chance.random() < bad * share]
        for entry in brief.task.write_set:
            path = f"{entry}made-{brief.task.id}" if entry.endswith("/") else "anything" if entry == "*" else entry
            content = " ".join([self._spec.task_id, str(number), *marks])
            await self._tools.call("write_file", {"path": path, "content": content})
        if chance.random() < self._host.plan.stray:
            await self._tools.call("escape", {"path": "stray", "content": self._spec.task_id})
