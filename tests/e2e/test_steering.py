"""A mission that is started in one process and watched, held, steered, approved and undone from others."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

from harness import (
    ORCHESTRATOR,
    Completed,
    Json,
    Plan,
    Running,
    environment,
    in_terminal,
    orchestrator,
    server_pids,
    until,
    user_files,
    write,
)

NEW = write("new.py", "X = 1\n")
START = Callable[..., Running]


def begin(workspace: Path, host: str, *more: str) -> str:
    """Start a mission and leave; its id."""
    done = orchestrator("run", "x", "-w", workspace, "--host", host, "--detach", "--json", *more)
    assert done.code == 0, done.err
    return str(done.rows[0]["missionId"])


def say(workspace: Path, *args: str) -> Json:
    """A command that succeeds; the JSON that it prints."""
    done = orchestrator(*args, "-w", workspace, "--json")
    assert done.code == 0, done.err
    return done.rows[-1]


def end_server() -> None:
    """End the shared server as the system would."""
    for pid in server_pids():
        os.kill(pid, signal.SIGTERM)
    until(lambda: not server_pids(), "the server has ended", 20)


def gated(folder: Path) -> str:
    """A host whose second task waits for its plan to be let through, quickly done."""
    plan = Plan().task("t1", "new.py", work=NEW)
    return plan.task("t2", "other.py", work=write("other.py", "Y = 1\n"), depends_on=["t1"]).save(folder)


def slow(folder: Path, duration_s: float = 300) -> str:
    """A host whose only task takes its time."""
    return Plan().task("t1", "new.py", work=write("new.py", "X = 1\n", duration_s=duration_s)).save(folder)


def in_order(done: Completed) -> bool:
    """Whether a watcher was told every event from the first on, in order and once."""
    seqs = [event["seq"] for event in done.events]
    return done.events[0]["type"] == "mission.accepted" and seqs == sorted(set(seqs))


def test_approved_at_a_terminal_and_watched_from_elsewhere(checked: Path, tmp_path: Path, start: START) -> None:
    mission = begin(checked, gated(tmp_path), "--approve-plan")
    watching = start("watch", mission[2:9], "-w", checked, "--json")
    watching.wait_for("question.asked")
    shown = orchestrator("status", "-w", checked)
    assert "waiting" in shown.out
    assert f"orchestrator approve {mission}" in shown.out
    assert say(checked, "plan", mission[:6])["isApproved"] is False
    env = environment(TERM="xterm-256color", COLUMNS="80")
    code, shown = in_terminal([ORCHESTRATOR, "approve", "-w", str(checked)], env, answer=b"n\n")
    assert code == 3, shown
    assert "other.py" in shown
    code, shown = in_terminal([ORCHESTRATOR, "approve", "-w", str(checked)], env, answer=b"y\n")
    assert code == 0, shown
    done = watching.end()
    assert done.code == 0, done.err
    assert done.status["status"] == "sealed"
    assert in_order(done)
    code, shown = in_terminal([ORCHESTRATOR, "watch", "-w", str(checked)], env)
    assert code == 0, shown
    assert "sealed" in shown


def test_a_refused_plan_is_made_again_or_ends_the_mission(checked: Path, tmp_path: Path, start: START) -> None:
    left = orchestrator("run", "x", "-w", checked, "--host", gated(tmp_path), "--approve-plan", "--json")
    assert left.code == 3, left.err  # nobody is at a terminal, and the mission waits for a person
    assert left.status["status"] == "waiting"
    mission = left.status["missionId"]
    waiting = orchestrator("resume", "-w", checked)
    assert waiting.code == 3
    assert f"orchestrator approve {mission}" in waiting.out
    watching = start("watch", mission, "-w", checked, "--json")
    watching.wait_for("question.asked")
    assert say(checked, "approve", "--deny", "--because", "leave out the second one")["isApproved"] is False
    watching.wait_for("question.asked")
    assert say(checked, "answer", "deny", mission)["answer"] == "deny"
    done = watching.end()
    assert done.code == 1
    assert done.status["status"] in {"failed", "stopped"}
    asked = orchestrator("answer", "allow", "-w", checked)
    assert asked.code == 2
    assert "asks nothing" in asked.err


def test_held_steered_stopped_and_tried_again(checked: Path, tmp_path: Path, start: START) -> None:
    mission = begin(checked, slow(tmp_path))
    watching = start("watch", "-w", checked, "--json")
    watching.wait_for("attempt.started")
    assert say(checked, "pause", "--because", "lunch")["status"] == "waiting"
    assert "lunch" in orchestrator("status", mission, "-w", checked).out
    refused = orchestrator("pause", "-w", checked)
    assert refused.code == 1
    assert "lunch" in refused.err
    assert say(checked, "steer", mission, "t1", "mind the gap")["task"]["id"] == "t1"
    assert orchestrator("steer", mission, "t9", "x", "-w", checked).code == 2
    assert say(checked, "resume")["status"] == "running"
    assert say(checked, "pause", "--task", "t1")["task"]["isPaused"] is True
    assert say(checked, "stop", "--task", "t1")["task"]["isPaused"] is True
    watching.wait_for("attempt.interrupted")
    assert say(checked, "resume", mission, "--task", "t1")["task"]["isPaused"] is False
    watching.wait_for("attempt.started")
    assert say(checked, "stop", mission)["status"] == "stopped"
    done = watching.end()
    assert done.code == 1
    assert done.one("mission.paused")["reason"] == "lunch"
    assert done.one("task.steered")["text"] == "mind the gap"
    assert say(checked, "retry", mission)["status"] not in {"stopped", "failed"}
    again = start("watch", "-w", checked, "--json")
    again.wait_for("mission.reopened")
    assert orchestrator("stop", "-w", checked).code == 0
    done = again.end()
    assert done.code == 1
    assert len(done.of("mission.ended")) == 2
    assert in_order(done)


def test_undone_and_read_without_a_server(checked: Path, tmp_path: Path) -> None:
    before = user_files(checked)
    mission = begin(checked, gated(tmp_path))
    told = orchestrator("watch", mission, "-w", checked, "--json")
    assert told.code == 0, told.err
    assert set(user_files(checked)) - set(before) == {"new.py", "other.py"}
    assert say(checked, "undo", "--task", "t2")["paths"] == ["other.py"]
    (checked / "new.py").write_text("X = 2\n")
    refused = orchestrator("undo", mission, "-w", checked)
    assert refused.code == 1
    assert "new.py" in refused.err
    (checked / "new.py").write_text("X = 1\n")
    assert "new.py" in orchestrator("undo", mission, "-w", checked).out
    assert user_files(checked) == before
    summary = say(checked, "summary")
    pages = [tmp_path / "served.html", tmp_path / "read.html"]
    assert orchestrator("summary", "--html", pages[0], "-w", checked).code == 0
    end_server()
    assert say(checked, "summary") == summary
    assert orchestrator("summary", "--html", pages[1], "-w", checked).code == 0
    assert pages[0].read_bytes() == pages[1].read_bytes() != b""
    assert orchestrator("summary", "--html", tmp_path / "no" / "such.html", "-w", checked).code == 2
    assert say(checked, "plan")["isApproved"] is True
    assert say(checked, "status")["isServed"] is False
    read = orchestrator("watch", "-w", checked, "--json")
    assert read.events[: len(told.events)] == told.events
    assert read.of("mission.undone")
    assert "'zz'" in orchestrator("summary", "zz", "-w", checked).err
    assert not server_pids()


def test_a_watcher_outlives_its_server_and_a_mission_goes_on_with_the_next(
    checked: Path, tmp_path: Path, start: START
) -> None:
    mission = begin(checked, slow(tmp_path, 8.0))
    watching = start("watch", "-w", checked, "--json")
    watching.wait_for("attempt.started")
    watching.server().kill()
    watching.wait_for("mission.taken_up")
    watching.signal(signal.SIGINT)
    assert watching.end().code == 130
    end_server()
    shown = orchestrator("status", "-w", checked)
    assert "no server runs" in shown.out
    assert not server_pids()
    assert say(checked, "resume")["missionId"] == mission
    done = orchestrator("watch", mission, "-w", checked, "--json")
    assert done.code == 0, done.err
    assert len(done.of("mission.taken_up")) == 2
    assert in_order(done)


def test_script_and_limits_of_the_command_line_reach_the_mission(checked: Path, tmp_path: Path) -> None:
    Plan().task("t1", "new.py", work=NEW).save(tmp_path)
    limits = ("--budget-tokens", "5000", "--budget-usd", "1.5")
    done = orchestrator("run", "x", "-w", checked, "--host", "scripted:script.json", *limits, "--json", cwd=tmp_path)
    assert done.code == 0, done.err
    accepted = done.one("mission.accepted")
    assert accepted["host"] == f"scripted:{tmp_path / 'script.json'}"
    amounts = {limit["resource"]: limit["amount"] for limit in accepted["limits"]}
    assert amounts == {"tokens": 5_000, "money_microusd": 1_500_000}


def test_without_a_mission_nothing_is_started(workspace: Path) -> None:
    for name in ("watch", "approve", "summary"):
        done = orchestrator(name, "-w", workspace)
        assert done.code == 2, done.err
        assert "no mission yet" in done.err
    assert not server_pids()
