"""What people do to a mission that runs: hold it, steer it, approve, revise and stop parts of it, take work back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import anyio
import pytest

from orchestrator.app import open_missions
from orchestrator.domain import commands as c
from orchestrator.domain.budget import Limit
from orchestrator.domain.mission import Mission
from orchestrator.domain.revision import EditKind, PlanEdit
from orchestrator.domain.violation import RuleViolation
from orchestrator.domain.words import Answer, ApprovalMode, DeliveryMode, MissionStatus, TaskStatus
from orchestrator.engine.service import MissionService
from orchestrator.errors import OrchestratorError
from orchestrator.testing.builders import make_plan, make_task
from orchestrator.testing.virtual_time import run_virtual

from .conftest import Player


async def until(happened: Callable[[], bool]) -> None:
    with anyio.fail_after(100_000):
        while not happened():  # noqa: ASYNC110 - virtual time
            await anyio.sleep(1)


def play(player: Player, story: Callable[[MissionService, Mission], Any], **request: Any) -> Mission:
    """Start a mission and tell a story beside it; the mission when it has ended."""

    async def run() -> Mission:
        async with open_missions(player.workspace) as service:
            mission, _ = await service.start(replace(player.request(), **request))
            await story(service, mission)
            await until(lambda: mission.status.is_terminal and not service.is_busy)
            return mission

    return run_virtual(run)


def test_a_paused_mission_starts_nothing_and_its_sessions_wait(player: Player) -> None:
    player.write_script([make_task("a"), make_task("b", depends_on=["a"])], duration_s=100.0)

    async def story(service: MissionService, mission: Mission) -> None:
        await until(lambda: "a" in mission.leases)
        await service.do(mission.id, c.Pause("me", "lunch"))
        assert mission.standing is MissionStatus.WAITING
        await anyio.sleep(10_000)  # longer than the deadline of a session: a pause does not count
        assert mission.tasks["b"].attempt_count == 0
        await service.do(mission.id, c.Resume("me"))

    mission = play(player, story)
    assert mission.status is MissionStatus.UNVERIFIED
    assert mission.recovered_count == 0
    assert [task.attempt_count for task in mission.tasks.values()] == [1, 1]


def test_a_paused_task_waits_alone(player: Player) -> None:
    player.write_script([make_task("a"), make_task("b")], duration_s=100.0)

    async def story(service: MissionService, mission: Mission) -> None:
        await until(lambda: bool(mission.plan_version))
        await service.do(mission.id, c.HoldTask("a", "me", is_held=True))
        await until(lambda: mission.tasks["b"].status is TaskStatus.DONE)
        await anyio.sleep(5_000)
        assert mission.tasks["a"].status is not TaskStatus.DONE
        assert not mission.status.is_terminal
        await service.do(mission.id, c.HoldTask("a", "me", is_held=False))

    assert play(player, story).status is MissionStatus.UNVERIFIED


def test_a_stopped_task_is_reaped_and_goes_on_when_resumed(player: Player) -> None:
    player.write_script([make_task("a"), make_task("b")], duration_s=500.0)

    async def story(service: MissionService, mission: Mission) -> None:
        await until(lambda: "a" in mission.leases)
        await service.stop_task(mission.id, "a", "me")
        assert "a" not in mission.leases
        assert mission.tasks["a"].status is TaskStatus.OPEN
        await until(lambda: mission.tasks["b"].status is TaskStatus.DONE)
        assert mission.tasks["a"].attempt_count == 1
        await service.do(mission.id, c.HoldTask("a", "me", is_held=False))

    mission = play(player, story)
    assert mission.tasks["a"].attempt_count == 2
    assert mission.status is MissionStatus.UNVERIFIED


def test_what_a_person_says_is_told_before_the_work_counts(player: Player) -> None:
    player.write_script([make_task("a")], duration_s=100.0)

    async def story(service: MissionService, mission: Mission) -> None:
        await until(lambda: "a" in mission.leases)
        before = await anyio.to_thread.run_sync(lambda: None)
        assert before is None
        begin = anyio.current_time()
        await service.do(mission.id, c.Steer("a", "me", "use tabs"))
        await until(lambda: mission.tasks["a"].status is TaskStatus.DONE)
        assert anyio.current_time() - begin > 150.0  # a second turn followed the first

    assert play(player, story).status is MissionStatus.UNVERIFIED


def test_nothing_runs_before_the_plan_is_approved(player: Player) -> None:
    player.write_script([make_task("a")], duration_s=10.0)

    async def story(service: MissionService, mission: Mission) -> None:
        await until(lambda: bool(mission.questions))
        await anyio.sleep(50_000)
        assert mission.standing is MissionStatus.WAITING
        assert mission.tasks["a"].attempt_count == 0
        with pytest.raises(OrchestratorError, match="at version 1, not at 7"):
            service.plan_question(mission.id, 7)
        await service.do(mission.id, c.AnswerQuestion(service.plan_question(mission.id, 1), Answer.ALLOW, "me"))
        with pytest.raises(RuleViolation, match="me answered allow"):
            await service.do(mission.id, c.AnswerQuestion(service.plan_question(mission.id, 1), Answer.DENY, "you"))

    assert play(player, story, approval=ApprovalMode.PLAN).status is MissionStatus.UNVERIFIED


def test_a_refused_plan_with_a_wish_is_made_anew(player: Player) -> None:
    plans = [{"plan": make_plan(make_task("a"))}, {"plan": make_plan(make_task("b"))}]
    player.write_script([], planner=plans, duration_s=10.0)

    async def story(service: MissionService, mission: Mission) -> None:
        await until(lambda: bool(mission.questions))
        await service.do(
            mission.id, c.AnswerQuestion(service.plan_question(mission.id, 1), Answer.DENY, "me", "rather b")
        )
        await until(lambda: bool(mission.questions))
        await service.do(mission.id, c.AnswerQuestion(service.plan_question(mission.id, 2), Answer.ALLOW, "me"))

    mission = play(player, story, approval=ApprovalMode.PLAN)
    assert mission.status is MissionStatus.UNVERIFIED
    assert mission.plan_version == 2


def test_a_refused_plan_without_a_wish_ends_the_mission(player: Player) -> None:
    player.write_script([make_task("a")], duration_s=10.0)

    async def story(service: MissionService, mission: Mission) -> None:
        await until(lambda: bool(mission.questions))
        await service.do(mission.id, c.AnswerQuestion(service.plan_question(mission.id, 1), Answer.DENY, "me"))

    mission = play(player, story, approval=ApprovalMode.PLAN)
    assert (mission.status, mission.end_code) == (MissionStatus.STOPPED, "plan_refused")


def test_a_plan_is_revised_against_the_version_that_was_seen(player: Player) -> None:
    player.write_script([make_task("a"), make_task("b", depends_on=["a"])], duration_s=100.0)

    async def story(service: MissionService, mission: Mission) -> None:
        await until(lambda: "a" in mission.leases)
        edits = (
            PlanEdit(EditKind.STRIKE, "b"),
            PlanEdit(EditKind.ADD, "c", title="One more", write_set=("c.txt",), depends_on=("a",)),
        )
        await service.do(mission.id, c.RevisePlan(1, "me", edits))
        with pytest.raises(RuleViolation) as refused:
            await service.do(mission.id, c.RevisePlan(1, "you", edits))
        assert refused.value.code == "plan_conflict"
        assert refused.value.data == {"version": 2}

    mission = play(player, story)
    assert mission.tasks["b"].status is TaskStatus.STRUCK
    assert mission.tasks["c"].status is TaskStatus.DONE
    assert mission.status is MissionStatus.UNVERIFIED


def test_a_task_with_no_write_set_runs_alone(player: Player) -> None:
    everywhere = {"c": {"worker": [{"actions": [{"write": {"path": "anywhere.txt", "content": "c\n"}}]}]}}
    player.write_script([make_task("a"), make_task("b")], duration_s=100.0, behaviours=everywhere)
    seen: list[set[str]] = []

    async def story(service: MissionService, mission: Mission) -> None:
        await until(lambda: bool(mission.leases))
        await service.do(mission.id, c.RevisePlan(1, "me", (PlanEdit(EditKind.ADD, "c", title="Everywhere"),)))
        while not mission.status.is_terminal:
            seen.append(set(mission.leases))
            await anyio.sleep(10)

    mission = play(player, story)
    assert mission.tasks["c"].status is TaskStatus.DONE
    assert all(leased == {"c"} for leased in seen if "c" in leased)


def test_a_failed_mission_is_tried_again_where_it_stands(player: Player) -> None:
    failing = {"b": {"worker": [{"faults": [{"kind": "crashed", "times": 99}]}]}}
    player.write_script([make_task("a"), make_task("b", depends_on=["a"])], duration_s=10.0, behaviours=failing)

    async def story(service: MissionService, mission: Mission) -> None:
        await until(lambda: mission.status is MissionStatus.FAILED and not service.is_busy)
        player.write_script([make_task("a"), make_task("b", depends_on=["a"])], duration_s=10.0)
        await service.retry(mission.id, "me")

    mission = play(player, story)
    assert mission.status is MissionStatus.UNVERIFIED
    assert [task.attempt_count for task in mission.tasks.values()] == [1, 2]


def test_one_tasks_work_is_taken_back_out_of_the_mission(player: Player) -> None:
    player.write_script([make_task("a"), make_task("b", depends_on=["a"])], duration_s=500.0)

    async def story(service: MissionService, mission: Mission) -> None:
        await until(lambda: "b" in mission.leases)
        assert await service.undo(mission.id, "a", "me") == ("a.txt",)
        assert mission.tasks["a"].status is TaskStatus.STRUCK
        await until(lambda: mission.status.is_terminal)
        assert await service.changed_paths(mission.id) == ("b.txt",)

    assert play(player, story).status is MissionStatus.UNVERIFIED


def test_undo_restores_the_bytes_and_refuses_what_the_user_changed(player: Player) -> None:
    (player.workspace / "old.txt").write_bytes(b"before\r\n\xff")
    change = {"a": {"worker": [{"actions": [
        {"write": {"path": "old.txt", "content": "after\n"}}, {"write": {"path": "sub/new.txt", "content": "new\n"}},
    ]}]}}  # fmt: skip
    player.write_script([make_task("a", write_set=["old.txt", "sub/"])], duration_s=10.0, behaviours=change)

    async def story(service: MissionService, mission: Mission) -> None:
        await until(lambda: mission.status.is_terminal and not service.is_busy)
        await service.deliver(mission.id, DeliveryMode.APPLY)
        assert (player.workspace / "old.txt").read_text() == "after\n"
        (player.workspace / "sub" / "new.txt").write_text("mine\n")
        with pytest.raises(OrchestratorError, match=r"sub/new\.txt") as refused:
            await service.undo(mission.id, "", "me")
        assert refused.value.code == "changed_since"
        assert (player.workspace / "old.txt").read_text() == "after\n"
        (player.workspace / "sub" / "new.txt").write_text("new\n")
        assert await service.undo(mission.id, "", "me") == ("old.txt", "sub/new.txt")
        assert (player.workspace / "old.txt").read_bytes() == b"before\r\n\xff"
        assert not (player.workspace / "sub").exists()
        with pytest.raises(OrchestratorError) as again:
            await service.undo(mission.id, "", "me")
        assert again.value.code == "nothing_to_undo"

    assert play(player, story).is_undone


def judged_workspace(player: Player) -> None:
    """A function, its test, and a task that rightly changes both."""
    (player.workspace / ".opencode").mkdir()
    config = '{"checks": [{"name": "tests", "command": "python3 -m unittest -q test_a", "when": "attempt"}]}'
    (player.workspace / ".opencode" / "orchestrator.jsonc").write_text(config)
    (player.workspace / "a.py").write_text("def answer():\n    return 41\n")
    test = "import unittest\nfrom a import answer\n\n\nclass A(unittest.TestCase):\n    def test_a(self):\n        "
    (player.workspace / "test_a.py").write_text(f"{test}self.assertEqual(answer(), 41)\n")
    actions = [
        {"write": {"path": "a.py", "content": "def answer():\n    return 42\n"}},
        {"write": {"path": "test_a.py", "content": f"{test}self.assertEqual(answer(), 42)\n"}},
    ]
    turn = [{"actions": actions}]
    tasks = [make_task("a", write_set=["a.py", "test_a.py"])]
    player.write_script(tasks, duration_s=10.0, behaviours={"a": {"worker": turn, "fixer": turn}})


@pytest.mark.parametrize("answer", [Answer.ALLOW, Answer.DENY])
def test_a_changed_test_needs_a_persons_word(player: Player, answer: Answer) -> None:
    judged_workspace(player)
    asked: list[str] = []

    async def story(service: MissionService, mission: Mission) -> None:
        await until(lambda: bool(mission.questions))
        await service.do(mission.id, c.AnswerQuestion(service.plan_question(mission.id, 1), Answer.ALLOW, "me"))
        while not mission.status.is_terminal:
            for question in tuple(mission.questions.values()):
                asked.append(question.text)
                await service.do(mission.id, c.AnswerQuestion(question.id, answer, "me"))
            await anyio.sleep(1)

    mission = play(player, story, approval=ApprovalMode.PLAN)
    assert "Task a changes what judges it: test_a.py. Allow it?" in asked
    if answer is Answer.ALLOW:
        assert mission.status is MissionStatus.SEALED, mission.end_reason
        assert mission.approved_judges == {"test_a.py"}
        assert len(asked) == 1
    else:
        assert mission.status is MissionStatus.FAILED
        assert len(asked) == 4  # the worker's attempt and three fixers'


def test_a_mission_that_asks_nothing_refuses_it(player: Player) -> None:
    judged_workspace(player)

    async def story(service: MissionService, mission: Mission) -> None:
        await until(lambda: mission.status.is_terminal)
        assert not mission.answers

    assert play(player, story).status is MissionStatus.FAILED


def test_a_test_that_was_weakened_is_put_back_for_the_fixer(player: Player) -> None:
    """No tool shows a session a file as it was; the good half of the refused work stays."""
    judged_workspace(player)
    test = (player.workspace / "test_a.py").read_text()
    better = "def answer():\n    return 40 + 1\n"
    cheat = [
        {"write": {"path": "a.py", "content": "def answer():\n    return 0\n"}},
        {"write": {"path": "test_a.py", "content": test.replace("41", "0")}},
    ]
    mend = [{"write": {"path": "a.py", "content": better}}]
    behaviours = {"a": {"worker": [{"actions": cheat}], "fixer": [{"actions": mend}]}}
    player.write_script([make_task("a", write_set=["a.py", "test_a.py"])], duration_s=10.0, behaviours=behaviours)

    async def story(service: MissionService, mission: Mission) -> None:
        await until(lambda: mission.status.is_terminal)

    mission = play(player, story)
    assert mission.status is MissionStatus.SEALED, mission.end_reason
    assert (player.workspace / "a.py").read_text() == better
    assert (player.workspace / "test_a.py").read_text() == test


def test_the_time_that_a_mission_may_take(player: Player) -> None:
    player.write_script([make_task("a")], duration_s=500.0)

    async def story(service: MissionService, mission: Mission) -> None:
        await until(lambda: mission.is_paused)
        assert mission.pause_reason == "its wall time of 200 s is used up"
        await service.do(mission.id, c.Resume("me"))
        await until(lambda: mission.is_paused)
        for _ in range(4):
            await until(lambda: mission.is_paused or mission.status.is_terminal)
            if mission.is_paused:
                await service.do(mission.id, c.Resume("me"))
                await anyio.sleep(50)

    assert play(player, story, wall_time_s=200.0).status is MissionStatus.UNVERIFIED


def test_tool_calls_have_a_limit(player: Player) -> None:
    player.write_script([make_task("a"), make_task("b", depends_on=["a"])], duration_s=10.0)

    async def story(service: MissionService, mission: Mission) -> None:
        await until(lambda: bool(mission.questions))
        assert mission.budget.used("mission", "tool_calls") == 1
        (question,) = mission.questions.values()
        assert "allows 1 tool calls" in question.text
        assert mission.standing is MissionStatus.WAITING
        await service.do(mission.id, c.ChangeBudget("me", (Limit("mission", "tool_calls", 5),)))
        await service.do(mission.id, c.AnswerQuestion(question.id, Answer.ALLOW, "me"))

    mission = play(player, story, limits=(Limit("mission", "tool_calls", 1),))
    assert mission.status is MissionStatus.UNVERIFIED
    assert mission.budget.total().tool_calls == 2


def test_no_secret_reaches_an_event(player: Player) -> None:
    player.write_script([make_task("a")], duration_s=10.0)
    secret = "ghp_" + "a1B2" * 9

    async def story(service: MissionService, mission: Mission) -> None:
        await until(lambda: "a" in mission.leases)
        await service.do(mission.id, c.Steer("a", "me", f"use the token {secret} for it"))
        await service.do(mission.id, c.Pause("me", f"because of {secret}"))
        await service.do(mission.id, c.Resume("me"))
        told = await service.events(mission_id=mission.id, after_seq=0, limit=1_000)
        assert secret not in repr(told)
        assert "[redacted:" in mission.tasks["a"].notes[0]

    mission = play(player, story, text=f"deploy with {secret}")
    assert secret not in mission.text
    assert secret not in (player.workspace / ".opencode" / "summary.md").read_text()
