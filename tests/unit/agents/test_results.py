"""Results come typed, and a reviewer's verdict needs evidence."""

from __future__ import annotations

import json

import pytest

from orchestrator.agents.plan_format import parse_plan
from orchestrator.agents.results import RESULT_TOOLS, HandedIn, ResultError, parse_search
from orchestrator.agents.review_format import parse_review
from orchestrator.domain.words import Role
from orchestrator.errors import OrchestratorError

TASK = {"id": "a", "title": "A", "why": "w", "write_set": ["a.py"]}


@pytest.mark.parametrize("role", list(Role))
def test_every_result_has_a_schema_that_models_are_told(role: Role) -> None:
    told = RESULT_TOOLS[role].describe()
    assert told.arguments["type"] == "object"
    assert told.purpose


def test_a_plan_that_was_handed_in_is_read_as_any_other() -> None:
    text = RESULT_TOOLS[Role.PLANNER].read({"tasks": [TASK]}).text
    assert [task.id for task in parse_plan(text)] == ["a"]


def test_what_does_not_fit_is_named_by_its_field() -> None:
    with pytest.raises(ResultError, match=r"tasks\.0\.write_set: Field required"):
        RESULT_TOOLS[Role.PLANNER].read({"tasks": [{"id": "a", "title": "A", "why": "w"}]})


def test_a_worker_says_what_it_did() -> None:
    said = {"summary": "done", "decisions": ["x"], "failed_approaches": ["y"]}
    assert RESULT_TOOLS[Role.WORKER].read(said) == HandedIn("done", ("x",), ("y",))


BLOCKING = {"path": "a.py", "line": 3, "message": "wrong", "is_blocking": True}
EVIDENCE = {"evidence_kind": "quoted_requirement", "evidence": "must be 2"}


def review(**more: object) -> str:
    return RESULT_TOOLS[Role.REVIEWER].read({"summary": "s", **more}).text


@pytest.mark.parametrize(
    "wrong",
    [
        {"verdict": "request_changes", "findings": [BLOCKING]},
        {"verdict": "approve", "findings": [{**BLOCKING, **EVIDENCE}]},
        {"verdict": "request_changes", "findings": []},
        {"verdict": "request_changes", "findings": [{**BLOCKING, **EVIDENCE, "evidence": " "}]},
        {"verdict": "lgtm"},
    ],
)
def test_a_verdict_without_evidence_is_sent_back(wrong: dict[str, object]) -> None:
    with pytest.raises(ResultError):
        review(**wrong)


def test_a_blocking_finding_reads_as_a_gates_does() -> None:
    verdict = parse_review(review(verdict="request_changes", findings=[{**BLOCKING, **EVIDENCE}]))
    (finding,) = verdict.blocking()
    assert finding.describe() == "a.py:3: wrong [must be 2] [quoted_requirement]"
    assert verdict.advice() == ()


def test_advice_needs_no_evidence_and_blocks_nothing() -> None:
    verdict = parse_review(review(verdict="approve", findings=[{"path": "a.py", "message": "a shorter name"}]))
    assert verdict.blocking() == ()
    assert [(finding.severity, finding.message) for finding in verdict.advice()] == [("info", "a shorter name")]


def test_a_verdict_may_stand_in_prose() -> None:
    text = f"Here it is:\n```json\n{review(verdict='approve')}\n```\nThat is all."
    assert parse_review(text).verdict == "approve"


def test_a_report_is_read_from_json_and_from_words() -> None:
    handed = RESULT_TOOLS[Role.SEARCHER].read(
        {"summary": "nobody calls it", "places": [{"path": "a.py", "line": 3, "why": "defines it"}]}
    )
    assert parse_search(handed.text).words() == "nobody calls it\n- a.py:3: defines it"
    assert parse_search("It is in a.py.").words() == "It is in a.py."
    for wrong in ("  ", '{"summary": ""}', '{"places": []}'):
        with pytest.raises(OrchestratorError, match="report"):
            parse_search(wrong)


@pytest.mark.parametrize("text", ["", "approved", json.dumps({"verdict": "approve"})])
def test_words_are_no_verdict(text: str) -> None:
    with pytest.raises(OrchestratorError, match="no verdict"):
        parse_review(text)
