"""Scratch tests: a session's own tests are run when it is done, and reach nobody."""

from __future__ import annotations

import json

from orchestrator.domain.events import AttemptIntegrated, AttemptRefused, GateJudged, PlanRejected
from orchestrator.domain.plan import SCRATCH, path_problem
from orchestrator.domain.words import MissionStatus, TaskStatus, Verdict
from orchestrator.testing.builders import make_plan, make_task

from .conftest import Played, Player

TASK = make_task("a", write_set=["a.py"])
TEST = "from a import f\n\n\ndef test_f():\n    assert f() == 2\n"
RIGHT = "def f():\n    return 2\n"
WRONG = "def f():\n    return 1\n"


def write(path: str, content: str) -> dict[str, object]:
    return {"write": {"path": path, "content": content}}


def scratch_reports(played: Played) -> list[Verdict]:
    return [event.report.verdict for event in played.of_type(GateJudged) if event.report.gate == "scratch"]


def test_a_scratch_test_that_passes_is_evidence_and_stays_behind(player: Player) -> None:
    actions = [write("a.py", RIGHT), write(f"{SCRATCH}test_f.py", TEST)]
    played = player.play(TASK, behaviours={"a": {"worker": [{"actions": actions}]}})
    assert played.mission.status is MissionStatus.UNVERIFIED
    assert scratch_reports(played) == [Verdict.CLEAN]
    (merged,) = played.of_type(AttemptIntegrated)
    assert merged.paths == ("a.py",)
    assert not (player.workspace / SCRATCH).exists()


def test_a_scratch_test_that_fails_goes_back_into_the_session_which_mends_it(player: Player) -> None:
    """The second time that the turn is played, the code is right."""
    again = {
        "shell": f"if test -f {SCRATCH}seen; then printf 'def f():\\n    return 2\\n' > a.py; "
        f"else mkdir -p {SCRATCH} && touch {SCRATCH}seen; fi"
    }
    actions = [write("a.py", WRONG), write(f"{SCRATCH}test_f.py", TEST), again]
    played = player.play(TASK, behaviours={"a": {"worker": [{"actions": actions}]}})
    assert played.starts() == ["a"]
    assert played.of_type(AttemptRefused) == []
    assert scratch_reports(played) == [Verdict.CLEAN]


def test_one_that_keeps_failing_refuses_the_attempt_with_its_output(player: Player) -> None:
    actions = [write("a.py", WRONG), write(f"{SCRATCH}test_f.py", TEST)]
    behaviours = {"a": {"worker": [{"actions": actions}], "fixer": [{"actions": [write("a.py", RIGHT)]}]}}
    played = player.play(TASK, behaviours=behaviours)
    (refused,) = played.of_type(AttemptRefused)
    assert refused.findings[0].rule == "own-test-failed"
    assert "assert 1 == 2" in refused.findings[0].message
    assert played.starts() == ["a", "a.fix1"]  # the fixer goes on with the work, without the test
    assert played.mission.tasks["a"].status is TaskStatus.DONE


def test_whatever_lies_there_is_never_delivered_nor_planned(player: Player) -> None:
    mess = {"shell": f"mkdir -p {SCRATCH}deep && echo x > {SCRATCH}deep/kept.txt && ln -s /etc {SCRATCH}out"}
    played = player.play(TASK, behaviours={"a": {"worker": [{"actions": [write("a.py", RIGHT), mess]}]}})
    (merged,) = played.of_type(AttemptIntegrated)
    assert merged.paths == ("a.py",)
    assert path_problem(f"{SCRATCH}x.py")
    plan = make_plan(make_task("a", write_set=[SCRATCH]))
    refused = player.play(TASK, planner=[{"plan": plan}])
    assert "never kept" in json.dumps([event.problems for event in refused.of_type(PlanRejected)])


def test_a_planner_has_no_scratch_folder(player: Player) -> None:
    tried = {**write(f"{SCRATCH}x.py", "x"), "may_fail": True}
    played = player.play(TASK, planner=[{"plan": make_plan(make_task("a")), "actions": [tried]}])
    assert played.mission.status is MissionStatus.UNVERIFIED
    assert scratch_reports(played) == []
