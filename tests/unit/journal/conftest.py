"""A journal in a temporary folder, a fixed clock, and a mission's events from acceptance to delivery."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

import orchestrator
from orchestrator.domain import events as e
from orchestrator.domain.finding import Finding
from orchestrator.domain.plan import TaskSpec
from orchestrator.domain.receipt import Check, GateReport, Receipt, Seal
from orchestrator.domain.words import (
    DeliveryMode,
    FailureKind,
    Role,
    Sensitivity,
    Stage,
    Verdict,
)


class FixedClock:
    """A clock that moves one second a call."""

    def __init__(self) -> None:
        self.at_s = 1_700_000_000.25

    def now_s(self) -> float:
        self.at_s += 1.0
        return self.at_s


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.db"


@pytest.fixture
def child_environment() -> dict[str, str]:
    """What a child interpreter needs to import the server."""
    return {**os.environ, "PYTHONPATH": str(Path(orchestrator.__file__).parents[1])}


RECEIPT = Receipt(
    check="tests",
    command="pytest -q | tee out",
    stage=Stage.SEAL,
    tree="t2",
    exit_code=0,
    verdict=Verdict.CLEAN,
    duration_s=3.5,
    output_digest="ab" * 32,
    output_size_bytes=120,
    level="landlock",
    sensitivity=Sensitivity.SENSITIVE,
)


def whole_story(mission_id: str = "m-1") -> list[e.Event]:
    """One event of nearly every type, in an order that folds to a sealed and delivered mission."""
    finding = Finding("guardian", "no-secret", "src/a.py", "a key in the code", start_line=4, text="KEY = 'x'")
    report = GateReport("checks", Verdict.CLEAN, receipts=(RECEIPT,))
    fixer = TaskSpec("a.fix1", "Fix it", "r", ("src/a.py",), role=Role.FIXER)
    unseen = GateReport("imports", Verdict.NOT_CHECKED, detail="no rules for Cobol")
    return [
        e.MissionAccepted(mission_id, "Add a *thing*\nand test it", "/w", "scripted", DeliveryMode.APPLY, False, 5),
        e.MissionStarted(),
        e.SnapshotTaken("c0", "t0", 3, ("big.bin: larger than the cap",)),
        e.ChecksChosen((Check("tests", "pytest", Stage.SEAL, 60.0, True, "jsonc"),), ("uv sync",), ("lint",)),
        e.PlanRejected(1, ("task a: the title is empty",)),
        e.PlanAccepted(1, (TaskSpec("a", "Write it", "asked", ("src/a.py",), role=Role.WORKER),)),
        e.IterationStarted(1),
        e.AttemptStarted("at-1", "a", 1, Role.WORKER, "scripted", 1, "c0", ("src/a.py",)),
        e.SessionRecovering("a", "at-1", FailureKind.RATE_LIMITED, "wait", 1, 2.5, "429"),
        e.AttemptCommitted("at-1", "a", "c1", "t1", ("src/a.py",)),
        e.GateJudged(Stage.ATTEMPT, "t1", "a", "at-1", GateReport("guardian", Verdict.FAILED, (finding,))),
        e.AttemptRefused("at-1", "a", "guardian found a secret", (finding,), "c1"),
        e.TaskAdded(fixer, "a", "guardian", (finding,), "c1", "c0"),
        e.AttemptStarted("at-2", "a.fix1", 1, Role.FIXER, "scripted", 2, "c0", ("src/a.py",)),
        e.AttemptInterrupted("at-2", "a.fix1", FailureKind.CRASHED, "the host went away"),
        e.AttemptStarted("at-3", "a.fix1", 2, Role.FIXER, "scripted", 3, "c0", ("src/a.py",)),
        e.AttemptIntegrated("at-3", "a.fix1", "c0", "c2", "t2", ("src/a.py",)),
        e.SealingStarted("t2"),
        e.GateJudged(Stage.SEAL, "t2", "", "", report),
        e.GateJudged(Stage.SEAL, "t2", "", "", unseen),
        e.MissionSealed(Seal("t2", "c2", (RECEIPT,), ("imports",), 1, 1, 2, 60.0)),
        e.MissionDelivered(DeliveryMode.APPLY, "", ("src/a.py",), (), ""),
    ]


@pytest.fixture
def story() -> Callable[[str], list[e.Event]]:
    return whole_story
