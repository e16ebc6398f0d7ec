"""What a mission does with time, failures and bounds, played in virtual time on the real rooms."""

from __future__ import annotations

import anyio
import pytest

from orchestrator.app import open_missions
from orchestrator.domain.events import (
    AttemptIntegrated,
    AttemptRefused,
    PlanRejected,
    SessionRecovering,
    TaskAdded,
)
from orchestrator.domain.words import FailureKind, MissionStatus, TaskStatus
from orchestrator.testing.builders import make_task
from orchestrator.testing.virtual_time import run_virtual

from .conftest import Played, Player


def is_done(played: Played) -> bool:
    """No check is declared in these workspaces, so work that is done ends unverified."""
    return played.mission.status is MissionStatus.UNVERIFIED


def test_independent_tasks_take_the_time_of_one(player: Player) -> None:
    played = player.play(*(make_task(f"t{n}") for n in range(40)), duration_s=100.0)
    assert is_done(played)
    assert 200.0 <= played.duration_s < 210.0  # the planner's answer, then all tasks at once


def test_a_chain_takes_the_time_of_its_length(player: Player) -> None:
    played = player.play(
        make_task("a"), make_task("b", depends_on=["a"]), make_task("c", depends_on=["b"]), duration_s=100.0
    )
    assert is_done(played)
    assert played.starts() == ["a", "b", "c"]
    assert 400.0 <= played.duration_s < 410.0


def test_fifty_sessions_run_at_once_and_no_more(player: Player) -> None:
    played = player.play(*(make_task(f"t{n}") for n in range(60)), duration_s=100.0)
    assert is_done(played)
    assert 300.0 <= played.duration_s < 310.0


def test_overlapping_write_sets_wait_for_each_other(player: Player) -> None:
    shared = ["shared.txt"]
    played = player.play(make_task("a", write_set=shared), make_task("b", write_set=shared), duration_s=100.0)
    assert is_done(played)
    assert played.duration_s >= 300.0


def test_a_refused_attempt_becomes_a_fixer_and_keeps_its_work(player: Player) -> None:
    broken = {"write": {"path": "t1.py", "content": "def f(:\n"}}
    mended = {"write": {"path": "t1.py", "content": "def f():\n    return 1\n"}}
    other = {"write": {"path": "kept.txt", "content": "kept\n"}}
    behaviours = {"t1": {"worker": [{"actions": [broken, other]}], "fixer": [{"actions": [mended]}]}}
    played = player.play(make_task("t1", write_set=["t1.py", "kept.txt"]), behaviours=behaviours)
    assert is_done(played)
    assert played.starts() == ["t1", "t1.fix1"]
    (refused,) = played.of_type(AttemptRefused)
    assert refused.findings[0].rule == "syntax-error"
    (merged,) = played.of_type(AttemptIntegrated)
    assert set(merged.paths) == {"t1.py", "kept.txt"}


def test_what_no_fixer_mends_fails_after_three(player: Player) -> None:
    broken = {"actions": [{"write": {"path": "t1.py", "content": "def f(:\n"}}]}
    behaviours = {"t1": {"worker": [broken], "fixer": [broken]}}
    played = player.play(
        make_task("t1", write_set=["t1.py"]), make_task("t2", depends_on=["t1"]), behaviours=behaviours
    )
    assert played.mission.status is MissionStatus.FAILED
    assert played.mission.end_code == "task_failed"
    assert len(played.of_type(TaskAdded)) == 3
    assert played.mission.tasks["t1"].status is TaskStatus.FAILED
    assert played.mission.tasks["t2"].status is TaskStatus.OPEN


def test_a_session_that_does_nothing_is_refused(player: Player) -> None:
    behaviours = {"t1": {"worker": [{"say": "done!"}]}}
    played = player.play(make_task("t1"), behaviours=behaviours)
    assert is_done(played)
    (refused,) = played.of_type(AttemptRefused)
    assert refused.findings[0].rule == "no-change"


def test_a_link_that_leads_out_is_refused_and_the_fixer_begins_anew(player: Player) -> None:
    link = {"shell": "ln -s /etc/passwd t1.txt"}
    write = {"write": {"path": "t1.txt", "content": "mended\n"}}
    behaviours = {"t1": {"worker": [{"actions": [link]}], "fixer": [{"actions": [write]}]}}
    played = player.play(make_task("t1"), behaviours=behaviours)
    assert is_done(played)
    (refused,) = played.of_type(AttemptRefused)
    assert refused.findings[0].rule == "symlink_leads_out"
    assert played.starts() == ["t1", "t1.fix1"]


@pytest.mark.parametrize("kind", ["rate_limited", "crashed", "timed_out", "context_overflow", "tool_failed"])
def test_every_failure_of_a_session_is_healed(player: Player, kind: str) -> None:
    write = {"write": {"path": "t1.txt", "content": "done\n"}}
    behaviours = {"t1": {"worker": [{"actions": [write], "faults": [{"kind": kind, "times": 2}]}]}}
    played = player.play(make_task("t1"), behaviours=behaviours)
    assert is_done(played)
    steps = played.of_type(SessionRecovering)
    assert [step.failure for step in steps] == [FailureKind(kind)] * 2


def test_a_session_that_always_crashes_fails_its_task(player: Player) -> None:
    behaviours = {"t1": {"worker": [{"faults": [{"kind": "crashed", "times": "always"}]}]}}
    played = player.play(make_task("t1"), make_task("t2"), behaviours=behaviours)
    assert played.mission.status is MissionStatus.FAILED
    assert played.mission.tasks["t2"].status is TaskStatus.DONE
    assert len(played.of_type(SessionRecovering)) == 3


def test_a_plan_that_stays_malformed_ends_the_mission_with_the_reason(player: Player) -> None:
    played = player.play(planner=[{"text": "I would start with the database."}])
    assert played.mission.status is MissionStatus.FAILED
    assert played.mission.end_code == "plan_rejected"
    assert len(played.of_type(PlanRejected)) == 3


def test_stop_in_the_middle_keeps_what_is_merged(player: Player) -> None:
    player.write_script([make_task("quick"), make_task("slow", depends_on=["quick"])], duration_s=500.0)

    async def stop_in_the_middle() -> None:
        async with open_missions(player.workspace) as service:
            mission, _ = await service.start(player.request())
            while mission.iteration == 0 or mission.tasks["quick"].status is not TaskStatus.DONE:  # noqa: ASYNC110 - virtual time
                await anyio.sleep(5)
            stopped = await service.stop(mission.id)
            assert stopped.status is MissionStatus.STOPPED
            assert not stopped.leases
            assert await service.changed_paths(mission.id) == ("quick.txt",)
            assert "quick turn 1" in await service.diff(mission.id, "quick")
            delivery = await service.deliver(mission.id, player.request().delivery)
            assert delivery.paths == ("quick.txt",)
        assert (player.workspace / "quick.txt").read_text() == "quick turn 1\n"
        assert not (player.workspace / "slow.txt").exists()

    run_virtual(stop_in_the_middle)


def test_missions_queue_and_a_queued_one_can_be_stopped(player: Player) -> None:
    player.write_script([make_task("t1")], duration_s=100.0)

    async def three() -> None:
        async with open_missions(player.workspace) as service:
            first, before_first = await service.start(player.request("one"))
            second, before_second = await service.start(player.request("two"))
            third, before_third = await service.start(player.request("three"))
            assert (before_first, before_second, before_third) == (0, 1, 2)
            await service.stop(second.id)
            while not (first.status.is_terminal and third.status.is_terminal):  # noqa: ASYNC110 - virtual time
                await anyio.sleep(10)
            assert second.status is MissionStatus.STOPPED
            assert second.base_commit == ""
            assert first.status is MissionStatus.UNVERIFIED
            assert third.status is not MissionStatus.STOPPED

    run_virtual(three)
