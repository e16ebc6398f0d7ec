"""The reviewer: after the gates, never instead of them, and only ever adding work."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.domain.decide import MAX_REVIEWS
from orchestrator.domain.events import AttemptRefused, IterationStarted, PlanRevised, ReviewGiven, TaskAdded, ToolCalled
from orchestrator.domain.words import MissionStatus, ReviewVerdict, Stage, TaskStatus
from orchestrator.testing.builders import make_task

from .conftest import Player

APPROVE = {"say": json.dumps({"verdict": "approve", "summary": "it does what it says"})}
TASKS = (make_task("a"), make_task("b"))


def refusal(path: str = "a.txt", **more: object) -> dict[str, object]:
    """A blocking finding, backed by the mission's words."""
    finding = {
        "path": path,
        "line": 1,
        "message": "says nothing",
        "is_blocking": True,
        "evidence_kind": "quoted_requirement",
        "evidence": "do it",
        **more,
    }
    return {"say": json.dumps({"verdict": "request_changes", "summary": "no", "findings": [finding]})}


def reviewed(player: Player, mode: str) -> None:
    """The project asks for this much review (a project may only ask for more)."""
    folder = player.workspace / ".opencode"
    folder.mkdir()
    (folder / "orchestrator.jsonc").write_text(json.dumps({"review": mode}))


def test_the_whole_work_is_reviewed_once_before_it_ends(player: Player) -> None:
    played = player.play(*TASKS, advice={"reviewer": [APPROVE]})
    (given,) = played.of_type(ReviewGiven)
    assert (given.stage, given.verdict, given.tree) == (
        Stage.SEAL,
        ReviewVerdict.APPROVE,
        played.mission.tip_tree,
    )
    assert played.mission.status is MissionStatus.UNVERIFIED  # an approval proves nothing


def test_a_mission_of_one_task_is_not_reviewed_unless_asked(player: Player) -> None:
    played = player.play(make_task("a"), advice={"reviewer": [refusal()]})
    assert played.of_type(ReviewGiven) == []


def test_what_the_review_finds_becomes_work_and_is_reviewed_again(player: Player) -> None:
    mended = {"actions": [{"write": {"path": "a.txt", "content": "mended\n"}}]}
    behaviours = {"review-1": {"fixer": [mended]}}
    played = player.play(*TASKS, behaviours=behaviours, advice={"reviewer": [refusal(), APPROVE]})
    (added,) = played.of_type(TaskAdded)
    assert added.task.write_set == ("a.txt",)
    assert added.findings[0].gate == "review"
    assert "[do it]" in added.findings[0].message
    assert [given.verdict for given in played.of_type(ReviewGiven)] == [
        ReviewVerdict.REQUEST_CHANGES,
        ReviewVerdict.APPROVE,
    ]
    assert [event.number for event in played.of_type(IterationStarted)] == [1, 2]
    assert played.mission.tasks["review-1"].status is TaskStatus.DONE


def test_reviews_are_bounded_and_then_the_checks_decide(player: Player) -> None:
    behaviours = {
        f"review-{n}": {"fixer": [{"actions": [{"write": {"path": "a.txt", "content": f"{n}\n"}}]}]}
        for n in range(1, 9)
    }
    played = player.play(*TASKS, behaviours=behaviours, advice={"reviewer": [refusal()]})
    assert len(played.of_type(ReviewGiven)) == len(played.of_type(TaskAdded)) == MAX_REVIEWS
    assert played.mission.status is MissionStatus.UNVERIFIED
    assert not played.mission.open_tasks()


def test_a_finding_that_nobody_can_mend_is_struck_and_sinks_no_mission(player: Player) -> None:
    idle = {"say": "there is nothing wrong"}
    behaviours = {"review-1": {"fixer": [idle]}}
    played = player.play(*TASKS, behaviours=behaviours, advice={"reviewer": [refusal(), APPROVE]})
    assert played.mission.status is MissionStatus.UNVERIFIED
    assert played.mission.tasks["review-1"].status is TaskStatus.STRUCK
    (revised,) = played.of_type(PlanRevised)
    assert revised.by == "diagnosis"


@pytest.mark.parametrize(
    ("say", "why"),
    [
        ("looks good to me", "no JSON object"),
        (json.dumps({"verdict": "request_changes", "summary": "no"}), "at least one blocking finding"),
    ],
)
def test_a_verdict_that_can_not_be_read_is_sent_back_and_then_counts_for_nothing(
    player: Player, say: str, why: str
) -> None:
    played = player.play(*TASKS, advice={"reviewer": [{"say": say}]})
    (given,) = played.of_type(ReviewGiven)
    assert given.verdict is ReviewVerdict.NOT_REVIEWED
    assert why in given.text
    assert played.mission.status is MissionStatus.UNVERIFIED


def test_a_reviewer_that_always_crashes_holds_nothing_up(player: Player) -> None:
    played = player.play(*TASKS, advice={"reviewer": [{"faults": [{"kind": "crashed", "times": "always"}]}]})
    (given,) = played.of_type(ReviewGiven)
    assert given.verdict is ReviewVerdict.NOT_REVIEWED
    assert played.mission.status is MissionStatus.UNVERIFIED


def test_an_attempt_is_reviewed_after_its_gates_where_that_is_asked_for(player: Player) -> None:
    reviewed(player, "attempt")
    mended = {"actions": [{"write": {"path": "a.txt", "content": "mended\n"}}]}
    behaviours = {"a": {"worker": [write("a.txt", "x")], "fixer": [mended], "reviewer": [refusal(), APPROVE]}}
    played = player.play(make_task("a"), behaviours=behaviours)
    given = played.of_type(ReviewGiven)
    assert [(one.stage, one.verdict) for one in given] == [
        (Stage.ATTEMPT, ReviewVerdict.REQUEST_CHANGES),
        (Stage.ATTEMPT, ReviewVerdict.APPROVE),
        (Stage.SEAL, ReviewVerdict.APPROVE),
    ]
    (refused,) = played.of_type(AttemptRefused)
    assert refused.reason == "the review found what the task asks for missing"
    assert played.starts() == ["a", "a.fix1"]


def test_a_reviewer_never_sees_what_a_gate_refused_so_it_can_not_approve_it(player: Player) -> None:
    reviewed(player, "attempt")
    broken = {"actions": [{"write": {"path": "a.py", "content": "def f(:\n"}}]}
    behaviours = {"a": {"worker": [broken], "fixer": [broken], "reviewer": [APPROVE]}}
    played = player.play(make_task("a", write_set=["a.py"]), behaviours=behaviours)
    assert played.mission.status is MissionStatus.FAILED
    assert played.of_type(ReviewGiven) == []


def test_a_reviewer_that_refuses_for_ever_can_not_keep_good_work_out(player: Player) -> None:
    reviewed(player, "attempt")
    turns = [write("a.txt", str(n)) for n in range(4)]
    behaviours = {"a": {"worker": turns[:1], "fixer": turns[1:], "reviewer": [refusal()]}}
    played = player.play(make_task("a"), behaviours=behaviours)
    assert played.mission.tasks["a"].status is TaskStatus.DONE
    reviewed_tasks = [one.task_id for one in played.of_type(ReviewGiven) if one.stage is Stage.ATTEMPT]
    assert reviewed_tasks[:3] == ["a", "a.fix1", "a.fix2"]


def write(path: str, content: str) -> dict[str, Any]:
    return {"actions": [{"write": {"path": path, "content": f"{content}\n"}}]}


def test_a_reviewer_can_not_write(player: Player) -> None:
    wrong = {**APPROVE, "actions": [{"write": {"path": "a.txt", "content": "mine\n"}, "may_fail": True}]}
    played = player.play(*TASKS, advice={"reviewer": [wrong]})
    assert (player.workspace / "a.txt").exists() is False  # unverified work is not delivered
    assert played.mission.review_count == 1
    codes = [event.code for event in played.of_type(ToolCalled) if event.tool == "write_file" and event.code]
    assert codes == ["tool_not_allowed"]


def test_a_project_can_not_ask_for_less_review_than_the_user(
    player: Player, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    reviewed(player, "never")
    played = player.play(*TASKS, advice={"reviewer": [APPROVE]})
    assert played.mission.status is MissionStatus.FAILED
    assert "review" in played.mission.end_reason
