"""Work that does not go on: the cause is named, another way is tried, and in the end the mission says why."""

from __future__ import annotations

import json

import pytest

from orchestrator.domain.decide import MAX_DIAGNOSES
from orchestrator.domain.events import AttemptRefused, MissionDiagnosed, NoteTaken, PlanRevised
from orchestrator.domain.words import Cause, MissionStatus, NoteKind, Strategy, TaskStatus
from orchestrator.testing.builders import make_plan, make_task

from .conftest import Played, Player

BROKEN = {"actions": [{"write": {"path": "a.py", "content": "def f(:\n"}}]}
GOOD = {"actions": [{"write": {"path": "a.py", "content": "def f():\n    return 1\n"}}]}
FOUND = {"say": json.dumps({"summary": "f needs brackets", "places": [{"path": "README.md", "line": 1, "why": "x"}]})}
TASK = make_task("a", write_set=["a.py"])


def tried(played: Played) -> list[tuple[Cause, Strategy]]:
    return [(event.cause, event.strategy) for event in played.of_type(MissionDiagnosed)]


def test_without_another_way_the_cause_is_still_named(player: Player) -> None:
    played = player.play(TASK, make_task("b"), behaviours={"a": {"worker": [BROKEN], "fixer": [BROKEN]}})
    assert tried(played) == [(Cause.SAME_FINDINGS, Strategy.STOP)]
    assert played.mission.end_code == "task_failed"
    assert "its fixers end at the same findings (4 refusals" in played.mission.end_reason
    assert played.mission.tasks["b"].status is TaskStatus.DONE  # what does not wait for it is done all the same


def test_a_search_brings_what_was_missing(player: Player) -> None:
    """Four tries fail, the searcher reports, the fifth knows."""
    behaviours = {"a": {"worker": [BROKEN, GOOD], "fixer": [BROKEN], "searcher": [FOUND]}}
    played = player.play(TASK, behaviours=behaviours)
    assert played.mission.status is MissionStatus.UNVERIFIED
    assert tried(played) == [(Cause.SAME_FINDINGS, Strategy.SEARCH)]
    (note,) = played.of_type(NoteTaken)
    assert (note.kind, note.task_id) == (NoteKind.SEARCH, "a")
    assert "f needs brackets" in note.text
    assert "README.md:1" in note.text


def test_a_task_is_split_in_its_place_and_who_waits_for_it_waits_for_the_parts(player: Player) -> None:
    parts = make_plan(make_task("a1", write_set=["a.py"]), make_task("a2", write_set=["b.txt"]))
    behaviours = {
        "a": {"worker": [BROKEN], "fixer": [BROKEN], "planner": [{"say": json.dumps(parts)}]},
        "a1": {"worker": [GOOD]},
    }
    task = make_task("a", write_set=["a.py", "b.txt"])
    played = player.play(task, make_task("c", depends_on=["a"]), behaviours=behaviours)
    assert tried(played) == [(Cause.SAME_FINDINGS, Strategy.SPLIT)]
    assert played.mission.tasks["a"].status is TaskStatus.STRUCK
    assert [played.mission.tasks[name].group_id for name in ("a1", "a2")] == ["a", "a"]
    assert played.starts()[-1] == "c"
    assert {"a1", "a2"} < set(played.starts())
    assert played.mission.status is MissionStatus.UNVERIFIED
    assert "What was wrong with the work before" in played.mission.tasks["a1"].spec.instructions


def test_a_split_may_not_widen_the_write_set(player: Player) -> None:
    wide = make_plan(make_task("a1", write_set=["a.py"]), make_task("a2", write_set=["other.py"]))
    behaviours = {"a": {"worker": [BROKEN], "fixer": [BROKEN], "planner": [{"say": json.dumps(wide)}]}}
    played = player.play(TASK, behaviours=behaviours)
    assert played.of_type(PlanRevised) == []
    assert tried(played) == [(Cause.SAME_FINDINGS, Strategy.SPLIT), (Cause.SAME_FINDINGS, Strategy.STOP)]
    (note,) = played.of_type(NoteTaken)
    assert "other.py is not in the write set of a" in note.text
    assert played.mission.end_code == "stagnated"
    assert "tried against it: split" in played.mission.end_reason


def test_work_that_needs_other_files_is_planned_anew_with_them(player: Player) -> None:
    stray = {"actions": [{"shell": "echo x > b.txt"}]}
    wider = make_plan(make_task("w", write_set=["a.py", "b.txt"]))
    behaviours = {
        "a": {"worker": [stray], "fixer": [stray], "planner": [{"say": json.dumps(wider)}]},
        "w": {"worker": [stray]},
    }
    played = player.play(TASK, behaviours=behaviours)
    assert tried(played) == [(Cause.OUTSIDE_WRITE_SET, Strategy.REPLAN)]
    assert played.mission.status is MissionStatus.UNVERIFIED
    assert played.mission.tasks["w"].status is TaskStatus.DONE


def test_sessions_that_change_nothing(player: Player) -> None:
    behaviours = {"a": {"worker": [{"say": "done"}], "fixer": [{"say": "done"}], "searcher": [FOUND]}}
    played = player.play(TASK, behaviours=behaviours)
    assert tried(played) == [(Cause.NO_CHANGE, Strategy.SEARCH), (Cause.NO_CHANGE, Strategy.STOP)]
    assert "tried against it: search" in played.mission.end_reason


def test_fixers_that_go_round_in_a_circle(player: Player) -> None:
    other = {"actions": [{"write": {"path": "a.py", "content": "import nowhere_at_all\n"}}]}
    behaviours = {"a": {"worker": [BROKEN], "fixer": [other, BROKEN, other]}}
    played = player.play(TASK, behaviours=behaviours)
    assert len(played.of_type(AttemptRefused)) == 4
    assert tried(played) == [(Cause.CYCLE, Strategy.STOP)]


@pytest.mark.parametrize("kind", ["unsupported", "tool_failed"])
def test_what_no_other_way_heals_is_not_tried_again(player: Player, kind: str) -> None:
    fails = [{"actions": [{"edit": {"path": "none", "old": "x", "new": "y"}}]}]
    behaviours = {"a": {"worker": fails if kind == "tool_failed" else [], "searcher": [FOUND]}}
    player.write_script([TASK], behaviours=behaviours)
    if kind == "unsupported":
        script = json.loads(player.script.read_text())
        script["defaults"]["worker"] = []
        player.script.write_text(json.dumps(script))
    played = player.play_request(player.request())
    assert tried(played) == [(Cause.SESSION_FAILED, Strategy.STOP)]
    assert kind.replace("_", " ") in played.mission.end_reason


def test_diagnoses_of_a_mission_are_bounded(player: Player) -> None:
    """Every split leads to more that fails; the mission ends all the same."""
    tasks = [make_task(f"t{n}", write_set=[f"t{n}.py"]) for n in range(MAX_DIAGNOSES + 1)]
    broken = {"actions": [{"write": {"path": "${path}", "content": "def f(:\n", "is_template": True}}]}
    advice = {"worker": [broken], "fixer": [broken], "searcher": [FOUND]}
    played = player.play(*tasks, advice=advice)
    assert played.mission.status is MissionStatus.FAILED
    assert len(played.of_type(MissionDiagnosed)) <= MAX_DIAGNOSES + 1


def test_rounds_that_leave_the_same_findings_stop_with_the_reason(player: Player) -> None:
    """A check of the whole tree that nobody satisfies: two iterations change nothing, so the third does not begin."""
    folder = player.workspace / ".opencode"
    folder.mkdir()
    check = {"name": "no", "command": "echo always the same; exit $(test -f a.py && echo 1 || echo 0)", "when": "seal"}
    (folder / "orchestrator.jsonc").write_text(json.dumps({"checks": [check]}))
    turns = {
        f"review-{n}": {"fixer": [{"actions": [{"write": {"path": "a.py", "content": f"x = {n}\n"}}]}]}
        for n in range(1, 9)
    }
    behaviours = {"a": {"worker": [GOOD]}, **turns}
    player.write_script([TASK], behaviours=behaviours)
    request = player.request()
    played = player.play_request(type(request)(request.text, request.host, request.delivery, True, 20))
    assert played.mission.end_code == "stagnated"
    assert played.mission.iteration == 3
    assert tried(played) == [(Cause.SAME_FINDINGS, Strategy.STOP)]
    assert "the same after 2 iterations" in played.mission.end_reason
