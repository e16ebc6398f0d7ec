"""The command line as a person meets it: help, wrong usage, pipes, JSON, a terminal."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from harness import ORCHESTRATOR, Plan, environment, in_terminal, orchestrator, write

COMMANDS = [
    "run", "serve", "status", "watch", "plan", "approve", "answer", "steer", "pause", "resume", "stop", "retry", "undo",
    "summary", "diff", "deliver", "audit", "lint", "rules", "demo", "doctor", "config", "completion",
]  # fmt: skip


def test_help_lists_every_command_with_its_own_help() -> None:
    shown = orchestrator("--help")
    assert shown.code == 0
    for name in COMMANDS:
        assert f"  {name} " in shown.out
    assert orchestrator("-h").out == shown.out
    assert orchestrator().code in {0, 2}


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_has_an_example_and_fits(name: str) -> None:
    shown = orchestrator(name, "--help", env={"COLUMNS": "80"})
    assert shown.code == 0
    assert shown.out.startswith(f"Usage: orchestrator {name}")
    assert max(map(len, shown.out.splitlines())) <= 80
    if name != "serve":
        assert "Example: " in shown.out


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["rnu", "x"], "run"),
        (["statsu"], "status"),
        (["run"], "MISSION"),
        (["run", "x", "--delivery", "branch"], "--deliver"),
        (["run", "x", "--deliver", "fax"], "branch"),
        (["run", "x", "y"], "y"),
        (["lint", "--format", "xml"], "json"),
        (["lint", "/no/such/path"], "does not exist"),
        (["lint", "--no-builtin"], "--config"),
        (["diff"], "no mission yet"),
        (["deliver", "m-123"], "m-123"),
    ],
)
def test_wrong_usage_ends_with_two_and_a_hint(args: list[str], said: str, workspace: Path) -> None:
    done = orchestrator(*args, cwd=workspace)
    assert done.code == 2, done.err
    assert said in done.err
    assert done.out == ""
    assert "Traceback" not in done.err


def test_status_without_any_mission_says_how_to_start_one(workspace: Path) -> None:
    done = orchestrator("status", "-w", workspace)
    assert done.code == 0
    assert "orchestrator run" in done.out
    assert orchestrator("status", "-w", workspace, "--json").out == ""
    assert orchestrator("audit", "-w", workspace).code == 1


def test_lint_speaks_json_and_fixes(tmp_path: Path) -> None:
    odd = tmp_path / "odd.py"
    odd.write_text("class A(object):\n    x = 1\n")
    found = orchestrator("lint", odd, "--format", "json")
    assert found.code == 1
    (row,) = found.rows
    assert row["range"]["start"] == {"line": 0, "column": row["range"]["start"]["column"]}
    assert {"rule", "path", "range", "severity", "message", "replacement"} == set(row)
    assert row["replacement"] is not None
    assert orchestrator("lint", odd, "--fix").code == 0
    assert odd.read_text() == "class A:\n    x = 1\n"
    assert orchestrator("lint", odd).code == 0


def test_json_is_all_there_is_on_stdout(checked: Path, tmp_path: Path) -> None:
    host = Plan().task("t1", "new.py", work=write("new.py", "X = 1\n")).save(tmp_path)
    done = orchestrator("run", "x", "-w", checked, "--host", host, "--json")
    assert done.code == 0
    assert done.err == ""
    assert [event["seq"] for event in done.events] == list(range(1, len(done.events) + 1))
    assert done.status["status"] == "sealed"
    for args in (
        ["status"],
        ["status", done.status["missionId"]],
        ["audit"],
        ["doctor"],
        ["deliver", "--deliver", "patch"],
    ):
        shown = orchestrator(*args, "-w", checked, "--json")
        assert shown.code == 0, shown.err
        assert shown.rows


def test_a_pipe_gets_plain_lines(checked: Path, tmp_path: Path) -> None:
    host = Plan().task("t1", "new.py", work=write("new.py", "X = 1\n")).save(tmp_path)
    done = orchestrator("run", "x", "-w", checked, "--host", host)
    assert done.code == 0
    assert "\x1b" not in done.out + done.err
    assert "\r" not in done.out
    assert "t1 begins" in done.out
    assert "sealed" in done.out


def test_a_reader_that_leaves_is_no_error(checked: Path) -> None:
    line = f"{ORCHESTRATOR} --help | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, check=False, text=True, env=environment())
    assert "Traceback" not in done.stderr
    assert done.stdout.splitlines()[-1] in {"0", "141"}


@pytest.mark.parametrize("is_coloured", [True, False])
def test_a_terminal_shows_a_live_view(checked: Path, tmp_path: Path, *, is_coloured: bool) -> None:
    work = write("new.py", "X = 1\n", duration_s=1.5)
    host = Plan().task("write-the-new-file", "new.py", work=work).save(tmp_path)
    env = environment(TERM="xterm-256color", COLUMNS="80", LINES="24")
    if not is_coloured:
        env["NO_COLOR"] = "1"
    code, shown = in_terminal([ORCHESTRATOR, "run", "x", "-w", str(checked), "--host", host], env)
    assert code == 0, shown
    assert "working" in shown
    assert "0/1" in shown
    assert "sealed" in shown
    assert ("\x1b[32m" in shown) is is_coloured


def test_found_commands_are_asked_about_in_a_terminal(workspace: Path, tmp_path: Path) -> None:
    (workspace / "pyproject.toml").write_text("[tool.pytest.ini_options]\naddopts = '-p no:cacheprovider'\n")
    host = Plan().task("t1", "calc.py", work=write("calc.py", "def add(a, b):\n    return b + a\n")).save(tmp_path)
    args = [ORCHESTRATOR, "run", "x", "-w", str(workspace), "--host", host]
    code, shown = in_terminal(args, environment(TERM="xterm", COLUMNS="80"), answer=b"y\n")
    assert "pytest" in shown
    assert "Trust this workspace" in shown
    assert code == 0, shown


def test_doctor_tells_where_things_are(checked: Path, state_dir: Path) -> None:
    facts = json.loads(orchestrator("doctor", "-w", checked, "--json").out)
    assert facts["workspace"] == str(checked)
    assert facts["state"].startswith(str(state_dir))
    assert facts["rules"] >= 20


def test_doctor_names_what_is_missing_what_it_costs_and_how_to_fix_it(workspace: Path) -> None:
    shown = orchestrator("doctor", "-w", workspace)
    assert shown.code == 0
    assert "costs: no check proves the work" in shown.out
    assert "fix:   declare `checks`" in shown.out
    (workspace / ".opencode").mkdir()
    (workspace / ".opencode/orchestrator.jsonc").write_text('{"chekcs": []}')
    broken = orchestrator("doctor", "-w", workspace, "--json")
    assert broken.code == 1
    (problem,) = [problem for problem in json.loads(broken.out)["problems"] if problem["is_fatal"]]
    assert "chekcs" in problem["what"]
    assert "checks" in problem["fix"]
