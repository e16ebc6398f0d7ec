"""A mission that is told command by command; every step also checks that the fold of its events is its state."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest

from orchestrator.domain import commands as c
from orchestrator.domain import events as e
from orchestrator.domain.decide import RuleViolation, decide
from orchestrator.domain.evolve import evolve, fold
from orchestrator.domain.mission import Mission
from orchestrator.domain.plan import TaskSpec
from orchestrator.domain.receipt import Check, GateReport, Receipt
from orchestrator.domain.words import DeliveryMode, Role, Sensitivity, Stage, Verdict

ACCEPT = c.AcceptMission("m-1", "Do it", "/w", "scripted", DeliveryMode.APPLY, is_trusted=False, max_iterations=3)
CHECK = Check("tests", "pytest", Stage.SEAL, 60.0, is_declared=True, source="jsonc")


class Story:
    """One mission and its events."""

    def __init__(self) -> None:
        self.mission = Mission()
        self.events: list[e.Event] = []
        self._names = 0

    def do(self, command: c.Command) -> list[e.Event]:
        before = copy.deepcopy(self.mission)
        events = decide(self.mission, command)
        assert self.mission == before, "decide changed the mission"
        for event in events:
            evolve(self.mission, event)
        self.events += events
        assert fold(self.events) == self.mission
        return events

    def refuse(self, command: c.Command, code: str) -> str:
        before = copy.deepcopy(self.mission)
        with pytest.raises(RuleViolation) as caught:
            decide(self.mission, command)
        assert caught.value.code == code
        assert self.mission == before
        return caught.value.message

    def note(self, fact: c.Fact) -> None:
        self.do(c.Note(fact))

    def accept(self) -> Story:
        self.do(ACCEPT)
        self.note(e.MissionStarted())
        self.note(e.SnapshotTaken("c0", "t0", 1, ()))
        self.note(e.ChecksChosen((CHECK,), (), ()))
        return self

    def planned(self, *tasks: TaskSpec) -> Story:
        self.accept()
        self.do(c.AcceptPlan(tasks or (task("a"),)))
        self.note(e.IterationStarted(1))
        return self

    def start(self, task_id: str) -> e.AttemptStarted:
        self._names += 1
        (event,) = self.do(c.StartAttempt(f"at-{self._names}", task_id, "scripted"))
        assert isinstance(event, e.AttemptStarted)
        return event

    def refused(self, started: e.AttemptStarted, reason: str = "bad") -> None:
        self.note(e.AttemptRefused(started.attempt_id, started.task_id, reason, (), "cx"))

    def integration(self, started: e.AttemptStarted, tip: str = "c1", tree: str = "t1") -> c.IntegrateAttempt:
        return c.IntegrateAttempt(
            started.attempt_id, started.task_id, started.token, self.mission.tip, tip, tree, started.write_set[:1]
        )

    def integrate(self, started: e.AttemptStarted, tip: str = "c1", tree: str = "t1") -> None:
        self.do(self.integration(started, tip, tree))

    def judged(self, *reports: GateReport) -> None:
        tree = self.mission.tip_tree
        self.note(e.SealingStarted(tree))
        for report in reports or (checks(receipt(tree)),):
            self.note(e.GateJudged(Stage.SEAL, tree, "", "", report))

    def seal(self) -> c.SealMission:
        return c.SealMission(self.mission.tip_tree, 5.0)


def task(task_id: str, *write_set: str, after: tuple[str, ...] = (), role: Role = Role.WORKER) -> TaskSpec:
    return TaskSpec(task_id, f"Task {task_id}", "asked", write_set or (f"src/{task_id}.py",), after, role=role)


def receipt(tree: str, **changes: object) -> Receipt:
    plain = Receipt(
        "tests", "pytest", Stage.SEAL, tree, 0, Verdict.CLEAN, 1.0, "d" * 64, 5, "landlock", Sensitivity.SENSITIVE
    )
    return replace(plain, **changes)  # pyright: ignore[reportArgumentType] - tests name real fields


def checks(*receipts: Receipt, verdict: Verdict = Verdict.CLEAN) -> GateReport:
    return GateReport("checks", verdict, receipts=receipts)


def fix(parent_id: str, *write_set: str) -> c.AddFixTask:
    return c.AddFixTask(parent_id, "Fix it", write_set or ("src/a.py",), "because", (), "cx", "c0")


class Words:
    """The makers of plain values, for tests that get them by fixture."""

    task = staticmethod(task)
    receipt = staticmethod(receipt)
    checks = staticmethod(checks)
    fix = staticmethod(fix)
    accept = ACCEPT


@pytest.fixture
def story() -> Story:
    return Story()


@pytest.fixture
def make() -> type[Words]:
    return Words
