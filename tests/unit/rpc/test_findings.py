"""Which findings of a mission stand."""

from __future__ import annotations

from orchestrator.domain import events as e
from orchestrator.domain.finding import Finding
from orchestrator.domain.plan import TaskSpec
from orchestrator.domain.receipt import GateReport
from orchestrator.domain.words import FailureKind, MissionStatus, Stage, Verdict
from orchestrator.rpc.findings import MissionFindings

A = Finding("syntax", "error", "a.py", "bad")
B = Finding("guardian", "rule", "b.py", "bad")
PLACELESS = Finding("tests", "failed", "", "1 failed")


def judged(task: str, *findings: Finding, stage: Stage = Stage.ATTEMPT, gate: str = "syntax") -> e.GateJudged:
    return e.GateJudged(stage, "tree", task, "a-1", GateReport(gate, Verdict.FAILED, findings))


def test_a_finding_stands_until_its_task_is_integrated() -> None:
    board = MissionFindings()
    assert board.note("m", judged("t", A, PLACELESS)) == {"a.py"}
    assert board.note("m", e.AttemptRefused("a-1", "t", "no", (A, B), "c")) == {"a.py", "b.py"}
    assert board.of("a.py") == [A]
    assert board.of("b.py") == [B]
    assert board.note("m", e.AttemptInterrupted("a-2", "t", FailureKind.CRASHED, "gone")) == set()
    assert board.note("m", e.AttemptIntegrated("a-3", "t", "c", "d", "tree", ("a.py",))) == {"a.py", "b.py"}
    assert board.of("a.py") == []


def test_a_fixer_settles_the_task_that_it_answers() -> None:
    board = MissionFindings()
    board.note("m", judged("t", A))
    board.note("m", e.TaskAdded(TaskSpec("t.fix1", "fix", "why", ("a.py",)), "t", "no", (A,), "c", ""))
    board.note("m", judged("t.fix1", B, gate="guardian"))
    assert board.note("m", e.AttemptIntegrated("a-3", "t.fix1", "c", "d", "tree", ())) == {"a.py", "b.py"}
    assert board.of("a.py") == board.of("b.py") == []


def test_the_base_is_not_shown_and_an_end_clears_all() -> None:
    board = MissionFindings()
    assert board.note("m", judged("", A, stage=Stage.BASE)) == set()
    board.note("m", judged("", A, stage=Stage.MERGE))
    board.note("other", judged("t", B))
    assert board.note("m", e.MissionEnded(MissionStatus.STOPPED, "stopped", "", "")) == {"a.py"}
    assert board.of("b.py") == [B]


def test_a_clean_report_replaces_the_gate_before() -> None:
    board = MissionFindings()
    board.note("m", judged("t", A))
    assert board.note("m", judged("t")) == {"a.py"}
    assert board.of("a.py") == []
