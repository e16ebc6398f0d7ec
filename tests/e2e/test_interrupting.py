"""Ctrl-C, SIGKILL and friends: everything is reaped, the journal stays consistent, the work is kept."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness import (
    Plan,
    Running,
    all_gone,
    check,
    declare,
    is_intact,
    living,
    orchestrator,
    server_pids,
    until,
    user_files,
    write,
)

GONE_S = 3.0
"""How long descendants may outlive the one who started them."""
QUICK = write("first.py", "X = 1\n")


def slow(folder: Path, *, planner_s: float = 0.0) -> str:
    """A host whose first task is done at once and whose second takes five minutes."""
    plan = Plan(planner_s=planner_s)
    plan.task("t1", "first.py", work=QUICK)
    plan.task("t2", "second.py", work=write("second.py", "Y = 1\n", duration_s=300), depends_on=["t1"])
    return plan.save(folder)


def busy(folder: Path) -> str:
    """A host whose task runs a command with children that do not go away by themselves."""
    work: dict[str, Any] = {"actions": [{"shell": "trap '' TERM INT HUP; sleep 301 & setsid sleep 302 & sleep 303"}]}
    return Plan().task("t1", "first.py", work=work).save(folder)


def interrupted(running: Running, workspace: Path, state_dir: Path, before: dict[str, bytes]) -> None:
    """Send SIGINT and look at everything that is promised then."""
    running.signal(signal.SIGINT)
    done = running.end(30)
    assert done.code == 130, done.err
    assert "Traceback" not in done.err
    all_gone(running, state_dir, GONE_S)
    assert user_files(workspace) == before
    assert is_intact(workspace)
    (mission,) = orchestrator("status", "-w", workspace, "--json").rows
    assert mission["status"] == "stopped"


def test_ctrl_c_while_planning(checked: Path, tmp_path: Path, state_dir: Path, start: Callable[..., Running]) -> None:
    before = user_files(checked)
    running = start("run", "x", "-w", checked, "--host", slow(tmp_path, planner_s=300), "--json")
    running.wait_for("checks.chosen")
    interrupted(running, checked, state_dir, before)


def test_ctrl_c_while_working_keeps_what_is_done(
    checked: Path, tmp_path: Path, state_dir: Path, start: Callable[..., Running]
) -> None:
    before = user_files(checked)
    running = start("run", "x", "-w", checked, "--host", slow(tmp_path), "--json")
    running.wait_for(lambda event: event["type"] == "attempt.started" and event["data"]["taskId"] == "t2")
    interrupted(running, checked, state_dir, before)

    diff = orchestrator("diff", "-w", checked)
    assert diff.code == 0
    assert "+X = 1" in diff.out
    assert "second.py" not in diff.out
    assert "- [x] t1" in (checked / ".opencode/todo.md").read_text()
    assert orchestrator("deliver", "-w", checked).code == 0
    assert user_files(checked) == {**before, "first.py": b"X = 1\n"}


def test_ctrl_c_while_a_command_of_a_session_runs(
    checked: Path, tmp_path: Path, state_dir: Path, start: Callable[..., Running]
) -> None:
    before = user_files(checked)
    running = start("run", "x", "-w", checked, "--host", busy(tmp_path), "--json")
    until(lambda: any(line == "sleep 302" for line in living(running.note_tree())), "the command runs", 30)
    interrupted(running, checked, state_dir, before)


def test_ctrl_c_while_a_check_runs(
    workspace: Path, tmp_path: Path, state_dir: Path, start: Callable[..., Running]
) -> None:
    declare(workspace, check("slow", "test ! -e first.py || (trap '' TERM; sleep 304)", timeout_s=300))
    before = user_files(workspace)
    host = Plan().task("t1", "first.py", work=QUICK).save(tmp_path)
    running = start("run", "x", "-w", workspace, "--host", host, "--json")
    until(lambda: any(line == "sleep 304" for line in living(running.note_tree())), "the check runs", 30)
    interrupted(running, workspace, state_dir, before)
    assert "+X = 1" in orchestrator("diff", "-w", workspace).out


def test_ctrl_c_before_the_mission_began(
    checked: Path, tmp_path: Path, state_dir: Path, start: Callable[..., Running]
) -> None:
    running = start("run", "x", "-w", checked, "--host", slow(tmp_path), "--json")
    until(lambda: len(server_pids()) > 0, "the server is started", 60)
    running.signal(signal.SIGINT)
    done = running.end(90)
    assert done.code == 130, done.err
    assert "Traceback" not in done.err
    all_gone(running, state_dir, GONE_S)


def test_ctrl_c_twice_leaves_at_once(
    checked: Path, tmp_path: Path, state_dir: Path, start: Callable[..., Running]
) -> None:
    before = user_files(checked)
    running = start("run", "x", "-w", checked, "--host", busy(tmp_path), "--json")
    until(lambda: any(line == "sleep 302" for line in living(running.note_tree())), "the command runs", 30)
    running.signal(signal.SIGINT)
    running.signal(signal.SIGINT)
    done = running.end(20)
    assert done.code == 130, done.err
    assert "Traceback" not in done.err
    all_gone(running, state_dir, GONE_S)
    assert user_files(checked) == before
    assert is_intact(checked)


def test_a_terminated_command_line_stops_in_order(
    checked: Path, tmp_path: Path, state_dir: Path, start: Callable[..., Running]
) -> None:
    running = start("run", "x", "-w", checked, "--host", slow(tmp_path), "--json")
    running.wait_for("attempt.started")
    running.signal(signal.SIGTERM)
    assert running.end(30).code == 130
    all_gone(running, state_dir, GONE_S)
    assert orchestrator("status", "-w", checked, "--json").status["status"] == "stopped"


def test_a_mission_outlives_a_killed_command_line(
    checked: Path, tmp_path: Path, state_dir: Path, start: Callable[..., Running]
) -> None:
    plan = Plan().task("t1", "first.py", work=write("first.py", "X = 1\n", duration_s=4))
    running = start("run", "x", "-w", checked, "--host", plan.save(tmp_path), "--json")
    running.wait_for("attempt.started")
    running.signal(signal.SIGKILL)
    assert running.end(10).code == -signal.SIGKILL

    def is_sealed() -> bool:
        (mission,) = orchestrator("status", "-w", checked, "--json").rows
        return mission["status"] == "sealed"

    until(is_sealed, "the mission goes on and is sealed", 60)
    until((checked / "first.py").exists, "its work is delivered", 20)
    assert is_intact(checked)


def test_a_killed_server_is_replaced_and_its_mission_can_be_stopped(
    checked: Path, tmp_path: Path, state_dir: Path, start: Callable[..., Running]
) -> None:
    before = user_files(checked)
    running = start("run", "x", "-w", checked, "--host", slow(tmp_path), "--json")
    running.wait_for(lambda event: event["type"] == "attempt.started" and event["data"]["taskId"] == "t2")
    killed = running.server()
    killed.kill()
    running.wait_for_words("connecting again")
    until(lambda: any(pid != killed.pid for pid in server_pids()), "another server runs", 60)
    running.signal(signal.SIGINT)
    done = running.end(60)
    assert done.code in {1, 130}, done.err
    assert "Traceback" not in done.err
    seqs = [event["seq"] for event in done.events]
    assert seqs == sorted(set(seqs)), "no event twice"
    all_gone(running, state_dir, GONE_S)
    assert user_files(checked) == before
    assert is_intact(checked)
    (mission,) = orchestrator("status", "-w", checked, "--json").rows
    assert mission["status"] == "stopped"
    assert "+X = 1" in orchestrator("diff", "-w", checked).out


def test_a_killed_server_takes_the_commands_it_ran_along(
    checked: Path, tmp_path: Path, state_dir: Path, start: Callable[..., Running]
) -> None:
    running = start("run", "x", "-w", checked, "--host", busy(tmp_path), "--json")
    until(lambda: any(line == "sleep 302" for line in living(running.note_tree())), "the command runs", 30)
    noted = list(running.seen.values())
    running.server().kill()
    until(lambda: not living(noted), "what it had started is gone", GONE_S)
    running.signal(signal.SIGINT)
    assert running.end(60).code in {1, 130}
    all_gone(running, state_dir, GONE_S)
