"""Wrong input: each gets a clear error with a hint, and nothing is lost."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from harness import (
    ORCHESTRATOR,
    Plan,
    check,
    declare,
    environment,
    orchestrator,
    save_script,
    strays,
    user_files,
    write,
)

WORK = write("calc.py", "def add(a, b):\n    return b + a\n")


def test_a_workspace_that_does_not_exist(tmp_path: Path) -> None:
    done = orchestrator("run", "fix all style findings", "-w", tmp_path / "nowhere")
    assert done.code == 2
    assert "nowhere does not exist" in done.err
    assert "hint: " in done.err


def test_a_workspace_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    done = orchestrator("run", "fix all style findings", "-w", tmp_path / "file")
    assert done.code == 2
    assert "is not a folder" in done.err


def test_a_read_only_workspace_keeps_the_work(tmp_path: Path, checked: Path, state_dir: Path) -> None:
    host = Plan().task("t1", "calc.py", work=WORK).save(tmp_path)
    # A mount, because permissions do not bind everybody who runs tests.
    script = f"mount --bind '{checked}' '{checked}' && mount -o remount,ro,bind '{checked}' && exec \"$@\""
    unshared = ["unshare", "--mount", "--map-root-user", "sh", "-c", script, "sh"]
    if subprocess.run([*unshared, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no mount namespace here")
    command = [*unshared, ORCHESTRATOR, "run", "better", "-w", str(checked), "--host", host, "--json"]
    done = subprocess.run(command, env=environment(), capture_output=True, check=False, text=True)
    status = json.loads(done.stdout.splitlines()[-1])
    assert status["status"] == "sealed", (status["endReason"], done.stderr)
    assert not status["isDelivered"] or status["deliveredPlace"]
    words = orchestrator("deliver", "-w", checked, "--deliver", "patch")
    assert words.code == 0
    assert ".patch" in words.out


@pytest.mark.parametrize("words", ["", "   ", "\n"])
def test_an_empty_mission(checked: Path, words: str) -> None:
    done = orchestrator("run", words, "-w", checked)
    assert done.code == 2
    assert "the mission is empty" in done.err
    assert "hint: " in done.err


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ('{\n  "seed": 1,\n  "planner": [\n    {"plan": 7}\n  ]\n}', r":4: planner[0].plan"),
        ('{\n  "tasks": {\n    "t1": {\n      "workers": []\n    }\n  }\n}', r":4: tasks.t1.workers"),
        ('{\n  "seed": 1,\n  "planner": [\n', r":"),
        ('{"tasks": {"t1": {"worker": [{"actions": [{"write": {"path": "a", "content_file": "gone"}}]}]}}}', "gone"),
    ],
)
def test_a_malformed_script_names_line_and_field(tmp_path: Path, checked: Path, script: str, expected: str) -> None:
    path = tmp_path / "script.json"
    path.write_text(script)
    done = orchestrator("run", "x", "-w", checked, "--host", f"scripted:{path}")
    assert done.code == 2, done.err
    assert expected in done.err
    assert "Traceback" not in done.err
    assert "hint: " in done.err


@pytest.mark.parametrize("host", ["scripted", "scripted:/no/such/file.json", "imaginary", "UPPER:x", ""])
def test_a_host_that_can_not_be_opened(checked: Path, host: str) -> None:
    done = orchestrator("run", "x", "-w", checked, "--host", host)
    assert done.code == 2, done.err
    assert "error: " in done.err
    assert "Traceback" not in done.err


def one(**more: Any) -> dict[str, Any]:
    """A plan of one task."""
    return {"tasks": [{"id": "a", "title": "a", "why": "w", "write_set": ["a.txt"], **more}]}


CYCLE = {
    "tasks": [
        {"id": "a", "title": "a", "why": "w", "write_set": ["a.txt"], "depends_on": ["b"]},
        {"id": "b", "title": "b", "why": "w", "write_set": ["b.txt"], "depends_on": ["a"]},
    ]
}


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        (CYCLE, "cycle"),
        (one(depends_on=["ghost"]), "ghost"),
        (one(write_set=["../outside.txt"]), "../outside.txt"),
        (one(write_set=["/etc/passwd"]), "/etc/passwd"),
        (one(write_set=["leads-out/file.txt"]), "leads-out/file.txt"),
        (one(write_set=[".git/hooks/pre-commit"]), ".git"),
        (one(checks=["ghost"]), "ghost"),
        ({"tasks": []}, "task"),
    ],
    ids=["cycle", "unknown-dependency", "outside", "absolute", "symlink", "git", "unknown-check", "empty"],
)
def test_a_plan_that_stays_bad_ends_the_mission(
    tmp_path: Path, checked: Path, plan: dict[str, Any], reason: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (checked / "leads-out").symlink_to(outside)
    before = user_files(checked)
    host = save_script(tmp_path / "script.json", {"planner": [{"plan": plan}], "defaults": {"worker": [WORK]}})
    done = orchestrator("run", "x", "-w", checked, "--host", host, "--json")
    assert done.code == 1
    assert done.status["endCode"] == "plan_rejected"
    assert "3 tries" in done.status["endReason"]
    assert reason in done.status["endReason"]
    assert done.status["endHint"]
    assert [data["tryNumber"] for data in done.of("plan.rejected")] == [1, 2, 3]
    assert user_files(checked) == before
    assert not list(outside.iterdir())


def test_words_instead_of_a_plan(tmp_path: Path, checked: Path) -> None:
    planner = [{"text": "I would rather talk."}, {"plan": one(write_set=["calc.py"])}]
    host = save_script(tmp_path / "script.json", {"planner": planner, "tasks": {"a": {"worker": [WORK]}}})
    done = orchestrator("run", "x", "-w", checked, "--host", host, "--json")
    assert done.code == 0, done.status["endReason"]
    assert len(done.of("plan.rejected")) == 1


def test_a_write_outside_the_write_set_is_refused(tmp_path: Path, checked: Path) -> None:
    (tmp_path / "victim").mkdir()
    stray = write("test_calc.py", "def test_add():\n    pass\n")
    host = Plan().task("t1", "calc.py", work=stray).save(tmp_path)
    before = user_files(checked)
    done = orchestrator("run", "x", "-w", checked, "--host", host)
    assert done.code == 1
    assert "test_calc.py" in done.out
    assert user_files(checked) == before


def test_a_check_that_hangs_meets_its_deadline(tmp_path: Path, workspace: Path, state_dir: Path) -> None:
    # Only on the mission's own tree, and with a child that ignores SIGTERM.
    hang = "grep -q 'b + a' calc.py || exit 0; trap '' TERM; (trap '' TERM; sleep 300) & sleep 300"
    declare(workspace, check("slow", hang, timeout_s=1.0))
    host = Plan().task("t1", "calc.py", work=WORK).save(tmp_path)
    began = time.monotonic()
    done = orchestrator("run", "x", "-w", workspace, "--host", host, "--json", timeout_s=90)
    assert time.monotonic() - began < 60
    assert done.code in {1, 3}
    assert done.status["seal"] is None
    assert not strays(state_dir)
    receipts = [row for data in done.of("gate.judged") if data["stage"] == "seal" for row in data["report"]["receipts"]]
    assert [row["exitCode"] for row in receipts] == [None]
    assert "deadline" in receipts[0]["detail"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"checks": [\n {"name": "a", "comand": "true"}]}', "orchestrator.jsonc:2"),
        ('{"checks": 7}', "checks"),
        ("{", "orchestrator.jsonc"),
    ],
)
def test_a_wrong_configuration_is_named(tmp_path: Path, workspace: Path, text: str, expected: str) -> None:
    (workspace / ".opencode").mkdir()
    (workspace / ".opencode/orchestrator.jsonc").write_text(text)
    host = Plan().task("t1", "calc.py", work=WORK).save(tmp_path)
    done = orchestrator("run", "x", "-w", workspace, "--host", host)
    assert done.code in {1, 2}
    assert expected in " ".join((done.out + done.err).replace("│", " ").split())


def test_an_unwritable_state_directory_is_named(checked: Path, tmp_path: Path) -> None:
    (tmp_path / "state-file").write_text("in the way")
    done = orchestrator("run", "x", "-w", checked, env={"ORCHESTRATOR_STATE_DIR": str(tmp_path / "state-file")})
    assert done.code in {1, 2}
    assert "state-file" in done.err
    assert "Traceback" not in done.err
