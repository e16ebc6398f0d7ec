"""What the command line says of a mission: what it waits for, its tasks, and the board behind the live view."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.cli.live import Board
from orchestrator.cli.reaching import plain
from orchestrator.cli.standing import counted, how_it_ended, kept_work, task_lines, waits_for
from orchestrator.domain.mission import Mission, Task
from orchestrator.domain.plan import TaskSpec
from orchestrator.domain.question import Question
from orchestrator.domain.words import MissionStatus, QuestionKind, TaskStatus
from orchestrator.errors import OrchestratorError
from orchestrator.reading import find_id
from orchestrator.rpc.mapping import status_view
from orchestrator_protocol.event import MissionEvent


def mission(**more: Any) -> Mission:
    """A running one."""
    return Mission(id="m-1", text="x", status=MissionStatus.RUNNING, **more)


def board(*events: tuple[str, dict[str, Any]]) -> Board:
    """A board that was told these events, one a second."""
    made = Board()
    for number, (kind, data) in enumerate(events, 1):
        made.take(MissionEvent(seq=number, mission_id="m-1", at=float(number), type=kind, data=data))
    return made


PLAN = ("plan.accepted", {"tasks": [{"id": "t1", "title": "One"}]})
BEGUN = ("attempt.started", {"taskId": "t1"})


def test_each_kind_of_waiting_names_the_command_that_ends_it() -> None:
    questions = {
        "p": Question("p", QuestionKind.PLAN, "Run it?", timeout_s=0),
        "b": Question("b", QuestionKind.BUDGET, "More?", timeout_s=0),
        "s": Question("s", QuestionKind.PERMISSION, "npm install?", timeout_s=600),
    }
    task = Task(TaskSpec("t1", "One", "asked", ("a.py",)), is_paused=True)
    held = mission(questions=questions, is_paused=True, pause_reason="lunch", tasks={"t1": task})
    plan, budget, permission, pause, paused_task = waits_for(plain(status_view(held)))
    assert "orchestrator approve m-1" in plan
    assert "--question b --budget-tokens" in budget
    assert "denied after 10 minutes" in permission
    assert "(lunch): orchestrator resume m-1" in pause
    assert "orchestrator resume m-1 --task t1" in paused_task


def test_an_ended_mission_waits_for_nobody() -> None:
    ended = mission(is_paused=True, pause_reason="lunch")
    ended.status = MissionStatus.STOPPED
    assert not waits_for(plain(status_view(ended)))
    assert not waits_for(plain(status_view(mission())))


@pytest.mark.parametrize(
    ("status", "more", "is_told"),
    [
        (MissionStatus.UNVERIFIED, {}, True),
        (MissionStatus.STOPPED, {}, True),
        (MissionStatus.FAILED, {"end_hint": "orchestrator deliver brings it to you"}, False),
        (MissionStatus.UNVERIFIED, {"is_undone": True}, False),
        (MissionStatus.UNVERIFIED, {"is_delivered": True}, False),
        (MissionStatus.SEALED, {}, False),
        (MissionStatus.RUNNING, {}, False),
    ],
)
def test_the_way_to_kept_work_is_told_once(status: MissionStatus, more: dict[str, Any], is_told: bool) -> None:
    done = Task(TaskSpec("t1", "One", "asked", ("a.py",)), status=TaskStatus.DONE)
    one = mission(tasks={"t1": done}, **more)
    one.status = status
    told = kept_work(plain(status_view(one)))
    assert told == ("the work is kept: orchestrator deliver m-1" if is_told else "")
    one.tasks.clear()
    assert not kept_work(plain(status_view(one)))


def test_an_undone_mission_says_so() -> None:
    one = mission()
    one.status = MissionStatus.SEALED
    assert how_it_ended(plain(status_view(one))) == "sealed"
    one.is_undone = True
    assert how_it_ended(plain(status_view(one))) == "sealed, undone"
    assert [counted(number, "file") for number in (0, 1, 2)] == ["0 files", "1 file", "2 files"]


def test_fixers_stand_below_their_task() -> None:
    fixed = Task(TaskSpec("t1", "One", "asked", ("a.py",)), status=TaskStatus.FIXING)
    fixer = Task(TaskSpec("t1.fix1", "Mend", "refused", ("a.py",)), parent_id="t1")
    lines = list(
        task_lines(plain(status_view(mission(tasks={"t1.fix1": fixer, "t1": fixed}, plan_version=1)))["tasks"])
    )
    assert [line.partition(" (")[0] for line in lines] == ["- [/] t1: One", "  - [ ] t1.fix1: Mend"]


def test_the_board_counts_from_the_times_of_events() -> None:
    shown = board(("mission.started", {}), PLAN, BEGUN)
    assert (shown.standing, shown.phase_begun_s, shown.begun_s) == ("working", 3.0, {"t1": 3.0})


def test_the_board_says_what_holds_a_mission_up() -> None:
    asked = ("question.asked", {"question": {"id": "q", "kind": "plan"}})
    paused, answered = ("mission.paused", {}), ("question.answered", {"questionId": "q"})
    assert board(PLAN, BEGUN, asked, paused).standing == "paused, waits for an answer"
    assert board(PLAN, BEGUN, asked, paused, answered).standing == "paused"
    assert board(PLAN, BEGUN, asked, paused, answered, ("mission.resumed", {})).standing == "working"
    assert board(PLAN, BEGUN, ("question.asked", {"question": {"id": "q", "kind": "permission"}})).standing == "working"


def test_a_new_plan_replaces_the_old_one() -> None:
    assert board(PLAN, ("plan.accepted", {"tasks": [{"id": "t2", "title": "Two"}]})).titles == {"t2": "Two"}


@pytest.mark.parametrize(
    ("wanted", "found"), [("", "m-b2"), ("m-a", "m-a1"), ("a", "m-a1"), ("b", "ambiguous"), ("z", "unknown")]
)
def test_missions_are_found_by_their_beginning(wanted: str, found: str) -> None:
    ids = ["m-a1", "m-b1", "m-b2"]
    if found.startswith("m-"):
        assert find_id(ids, wanted) == found
        return
    with pytest.raises(OrchestratorError, match=repr(wanted)) as caught:
        find_id(ids, wanted)
    assert caught.value.code == f"{found}_mission"


def test_a_whole_id_that_begins_another_is_that_one() -> None:
    assert find_id(["m-a1", "m-a12"], "m-a1") == "m-a1"
