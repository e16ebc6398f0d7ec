"""Folders that are no repository, repositories with uncommitted work, and subfolders of repositories."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from harness import Plan, check, declare, orchestrator, shadow, tree_files, user_files, write

USES_DRAFT = "from calc import add\nfrom draft import ONE\n\n\ndef total():\n    return add(ONE, ONE)\n"


def git(folder: Path, *args: str) -> str:
    """Output of a git command."""
    command = ["git", "-c", "user.name=T", "-c", "user.email=t@example.invalid", "-c", "commit.gpgsign=false", *args]
    return subprocess.run(command, cwd=folder, capture_output=True, check=True, text=True).stdout


@pytest.fixture
def host(tmp_path: Path) -> str:
    """A host whose work needs a file that is not committed."""
    return Plan().task("t1", "total.py", work=write("total.py", USES_DRAFT)).save(tmp_path)


def with_draft(workspace: Path) -> Path:
    """A check that needs the draft, and the draft."""
    declare(workspace, check("imports", 'python -c "import total, calc; assert total.total() == 2"'))
    (workspace / "draft.py").write_text("ONE = 1\n")
    return workspace


def test_a_folder_that_is_no_repository(workspace: Path, host: str, state_dir: Path) -> None:
    with_draft(workspace)
    done = orchestrator("run", "total", "-w", workspace, "--host", host, "--json")
    assert done.status["status"] == "sealed", (done.status["endReason"], done.of("gate.judged")[-1])
    assert user_files(workspace) == tree_files(shadow(state_dir), done.status["seal"]["tree"])
    assert not (workspace / ".git").exists()


def test_uncommitted_work_is_part_of_the_mission_and_stays(workspace: Path, host: str, state_dir: Path) -> None:
    git(workspace, "init", "-q", "-b", "main")
    git(workspace, "add", "calc.py", "test_calc.py")
    git(workspace, "commit", "-q", "-m", "first")
    with_draft(workspace)
    (workspace / "calc.py").write_text("def add(a, b):\n    # staged and then edited\n    return a + b\n")
    git(workspace, "add", "calc.py")
    (workspace / "calc.py").write_text("def add(a, b):\n    # edited\n    return a + b\n")
    (workspace / "test_calc.py").unlink()
    before = user_files(workspace)
    index = git(workspace, "diff", "--cached")

    done = orchestrator("run", "total", "-w", workspace, "--host", host, "--json")

    assert done.status["status"] == "sealed", done.status["endReason"]
    assert user_files(workspace) == {**before, "total.py": USES_DRAFT.encode()}
    assert git(workspace, "diff", "--cached") == index
    assert tree_files(shadow(state_dir), done.status["seal"]["tree"]) == user_files(workspace)


def test_ignored_files_neither_travel_nor_vanish(checked: Path, tmp_path: Path, state_dir: Path) -> None:
    (checked / ".gitignore").write_text("secret.env\nbuild/\n")
    (checked / "secret.env").write_text("TOKEN=hidden\n")
    (checked / "build").mkdir()
    (checked / "build/out.bin").write_bytes(b"\0")
    git(checked, "init", "-q")
    host = Plan().task("t1", "new.py", work=write("new.py", "X = 1\n")).save(tmp_path)
    done = orchestrator("run", "x", "-w", checked, "--host", host, "--json")
    assert done.code == 0, done.status["endReason"]
    sealed = tree_files(shadow(state_dir), done.status["seal"]["tree"])
    assert "secret.env" not in sealed
    assert "build/out.bin" not in sealed
    assert (checked / "secret.env").read_text() == "TOKEN=hidden\n"
    assert (checked / "build/out.bin").exists()
    stored = b"".join(
        path.read_bytes() for path in state_dir.rglob("*") if path.is_file() and path.stat().st_size < 5e6
    )
    assert b"TOKEN=hidden" not in stored


def test_a_subfolder_means_the_repository(checked: Path, tmp_path: Path) -> None:
    git(checked, "init", "-q")
    (checked / "deep/er").mkdir(parents=True)
    host = Plan().task("t1", "new.py", work=write("new.py", "X = 1\n")).save(tmp_path)
    done = orchestrator("run", "x", "-w", checked / "deep/er", "--host", host, "--json")
    assert done.code == 0, done.status["endReason"]
    assert done.status["workspace"] == str(checked)
    assert (checked / "new.py").exists()
    inside = orchestrator("status", "--json", cwd=checked / "deep")
    assert inside.rows == orchestrator("status", "--json", "-w", checked).rows
    assert len(inside.rows) == 1


def test_two_workspaces_do_not_see_each_other(checked: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    assert orchestrator("run", "make it faster", "-w", checked).code == 1
    assert orchestrator("status", "-w", other, "--json").rows == []
    assert len(orchestrator("status", "-w", checked, "--json").rows) == 1
