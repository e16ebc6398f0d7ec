"""Sealed, unverified and failed are told apart, and trust is asked for before found commands run."""

from __future__ import annotations

from pathlib import Path

from harness import PASSES, Plan, check, declare, orchestrator, user_files, write


def better(folder: Path) -> str:
    """A host that improves calc.py."""
    return Plan().task("t1", "calc.py", work=write("calc.py", "def add(a, b):\n    return b + a\n")).save(folder)


def test_without_a_check_the_work_is_unverified(tmp_path: Path, workspace: Path) -> None:
    (workspace / "test_calc.py").unlink()
    before = user_files(workspace)
    done = orchestrator("run", "better", "-w", workspace, "--host", better(tmp_path))
    assert done.code == 3
    assert "unverified" in done.out
    assert "no check ran" in done.out
    assert user_files(workspace) == before
    delivered = orchestrator("deliver", "-w", workspace)
    assert delivered.code == 0
    assert "b + a" in (workspace / "calc.py").read_text()


def test_a_check_that_notices_nothing_proves_nothing(tmp_path: Path, workspace: Path) -> None:
    declare(workspace, check("blind", "true"))
    done = orchestrator("run", "better", "-w", workspace, "--host", better(tmp_path), "--json")
    assert done.code == 3
    assert done.status["status"] == "unverified"
    assert "planted" in f"{done.status['endReason']} {done.status['endHint']}"
    receipts = [row for data in done.of("gate.judged") for row in data["report"]["receipts"] if data["stage"] == "seal"]
    assert [(row["exitCode"], row["sensitivity"]) for row in receipts] == [(0, "not_sensitive")]


def test_found_commands_wait_for_trust_and_trust_is_remembered(tmp_path: Path, workspace: Path) -> None:
    (workspace / "pyproject.toml").write_text("[tool.pytest.ini_options]\naddopts = '-p no:cacheprovider'\n")
    host = better(tmp_path)
    args = ("run", "better", "-w", workspace, "--host", host)
    first = orchestrator(*args)
    assert first.code == 3
    said = " ".join(first.out.replace("│", " ").split())
    assert "not trusted to run" in said
    assert "pytest" in said
    assert "--trust" in said

    second = orchestrator(*args, "--trust", "--json")
    assert second.code == 0, second.status["endReason"]
    assert second.status["seal"]["receipts"][0]["sensitivity"] == "sensitive"

    (workspace / "calc.py").write_text("def add(a, b):\n    return a + b\n")
    third = orchestrator(*args, "--json")
    assert third.code == 0, third.status["endReason"]


def test_a_check_that_does_not_exist_never_counts_as_passed(tmp_path: Path, workspace: Path) -> None:
    declare(workspace, check("tests", "no-such-program-here --all"))
    done = orchestrator("run", "better", "-w", workspace, "--host", better(tmp_path), "--json")
    assert done.code == 3
    assert done.status["status"] == "unverified"
    seal = [data["report"] for data in done.of("gate.judged") if data["stage"] == "seal"]
    (report,) = [report for report in seal if report["gate"] == "check:tests"]
    assert report["verdict"] == "not_checked"
    assert "127" in report["detail"] or "not found" in report["detail"]


def test_a_check_that_the_work_breaks_is_never_sealed(tmp_path: Path, workspace: Path) -> None:
    declare(workspace, check())
    wrong = write("calc.py", "def add(a, b):\n    return a - b\n")
    host = Plan().task("t1", "calc.py", work=wrong).save(tmp_path)
    before = user_files(workspace)
    done = orchestrator("run", "worse", "-w", workspace, "--host", host, "--json")
    assert done.code == 1
    assert done.status["status"] == "failed"
    assert user_files(workspace) == before
    findings = [finding for data in done.of("task.added") for finding in data["findings"]]
    assert any("test_add" in finding["message"] for finding in findings)


def test_a_failure_that_was_there_before_does_not_hinder(tmp_path: Path, workspace: Path) -> None:
    declare(workspace, check())
    (workspace / "test_old.py").write_text("def test_red():\n    assert False\n")
    done = orchestrator("run", "better", "-w", workspace, "--host", better(tmp_path), "--json")
    assert done.code == 0, done.status["endReason"]
    assert done.status["seal"]["receipts"][0]["verdict"] == "clean"


def test_a_healed_test_failure_is_sealed(tmp_path: Path, workspace: Path) -> None:
    declare(workspace, check(command=PASSES, when="merge"))
    turns = [
        write("calc.py", "def add(a, b):\n    return a - b\n"),
        write("calc.py", "def add(a, b):\n    return sum([a, b])\n"),
    ]
    host = Plan().task("t1", "calc.py", work=turns).save(tmp_path)
    done = orchestrator("run", "better", "-w", workspace, "--host", host)
    assert done.code == 0
    assert "t1 refused" in done.out
    assert "test_add" in done.out
    assert "sum([a, b])" in (workspace / "calc.py").read_text()
