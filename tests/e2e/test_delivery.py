"""How sealed work reaches the user, and that nothing of theirs is ever overwritten."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import Plan, Running, orchestrator, shadow, tree_files, until, user_files, write

BETTER = "def add(a, b):\n    return b + a\n"


def git(folder: Path, *args: str) -> str:
    """Output of a git command, with the machine's configuration off."""
    command = ["git", "-c", "user.name=T", "-c", "user.email=t@example.invalid", "-c", "commit.gpgsign=false", *args]
    return subprocess.run(command, cwd=folder, capture_output=True, check=True, text=True).stdout


@pytest.fixture
def repository(checked: Path) -> Path:
    """The checked workspace as a git repository with one commit and a clean checkout."""
    git(checked, "init", "-q", "-b", "main")
    (checked / ".gitignore").write_text("__pycache__/\n.opencode/\n")
    git(checked, "add", "-A")
    git(checked, "add", "-f", ".opencode/orchestrator.jsonc")
    git(checked, "commit", "-q", "-m", "first")
    return checked


@pytest.fixture
def better(tmp_path: Path) -> str:
    """A host that improves calc.py and adds a file."""
    work = write("calc.py", BETTER)
    work["actions"].append({"write": {"path": "new/notes.txt", "content": "made\n"}})
    return Plan().task("t1", "calc.py", "new/notes.txt", work=work).save(tmp_path)


def test_apply_writes_the_sealed_tree(checked: Path, better: str, state_dir: Path) -> None:
    done = orchestrator("run", "better", "-w", checked, "--host", better, "--json")
    assert done.code == 0
    assert done.one("mission.delivered")["paths"] == ["calc.py", "new/notes.txt"]
    assert user_files(checked) == tree_files(shadow(state_dir), done.status["seal"]["tree"])
    assert (checked / "calc.py").read_text() == BETTER


def test_branch_leaves_the_checkout_alone(repository: Path, better: str, state_dir: Path) -> None:
    (repository / "draft.txt").write_text("not committed\n")
    git(repository, "add", "draft.txt")
    before = (user_files(repository), git(repository, "status", "--porcelain=v2", "--branch"))
    index = (repository / ".git/index").read_bytes()

    done = orchestrator("run", "better", "-w", repository, "--host", better, "--deliver", "branch", "--json")

    assert done.code == 0
    assert (user_files(repository), git(repository, "status", "--porcelain=v2", "--branch")) == before
    assert (repository / ".git/index").read_bytes() == index
    assert git(repository, "symbolic-ref", "HEAD").strip() == "refs/heads/main"
    branch = done.one("mission.delivered")["place"]
    assert done.status["deliveredPlace"] == branch
    committed = git(repository, "ls-tree", "-r", "--name-only", branch).split()
    sealed = tree_files(shadow(state_dir), done.status["seal"]["tree"])
    assert {path: git(repository, "show", f"{branch}:{path}").encode() for path in committed} == sealed
    assert set(git(repository, "diff", "--name-only", f"{branch}~1", branch).split()) == {"calc.py", "new/notes.txt"}


def test_patch_applies_to_the_user_tree(repository: Path, better: str) -> None:
    before = user_files(repository)
    done = orchestrator("run", "better", "-w", repository, "--host", better, "--deliver", "patch", "--json")
    assert done.code == 0
    assert user_files(repository) == before
    patch = done.one("mission.delivered")["place"]
    git(repository, "apply", patch)
    assert (repository / "calc.py").read_text() == BETTER


def test_branch_outside_a_repository_becomes_a_patch(checked: Path, better: str) -> None:
    done = orchestrator("run", "better", "-w", checked, "--host", better, "--deliver", "branch")
    assert done.code == 0
    assert "no git repository" in done.out.replace("\n", " ")
    assert ".patch" in done.out


@pytest.mark.parametrize("is_repository", [True, False])
def test_an_edit_made_meanwhile_is_never_overwritten(
    request: pytest.FixtureRequest,
    start: Callable[..., Running],
    tmp_path: Path,
    state_dir: Path,
    *,
    is_repository: bool,
) -> None:
    workspace: Path = request.getfixturevalue("repository" if is_repository else "checked")
    host = (
        Plan()
        .task("t1", "calc.py", work=write("calc.py", BETTER, duration_s=1.0))
        .task("t2", "other.py", work=write("other.py", "X = 1\n"))
        .save(tmp_path)
    )
    running = start("run", "better", "-w", workspace, "--host", host, "--json")
    running.wait_for("attempt.started")
    mine = "def add(a, b):\n    return sum((a, b))\n"
    (workspace / "calc.py").write_text(mine)
    before = user_files(workspace)
    done = running.end()

    assert done.code == 0
    assert done.status["status"] == "sealed"
    assert user_files(workspace) == before
    delivered = done.one("mission.delivered")
    assert delivered["keptBack"] == ["calc.py"]
    assert delivered["mode"] == ("branch" if is_repository else "patch")
    if is_repository:
        assert git(workspace, "show", f"{delivered['place']}:calc.py") == BETTER
    else:
        assert "+    return b + a" in Path(delivered["place"]).read_text()

    again = orchestrator("deliver", "-w", workspace)
    assert again.code == 1
    assert "calc.py" in again.out
    assert user_files(workspace) == before
    (workspace / "calc.py").write_text("def add(a, b):\n    return a + b\n")
    last = orchestrator("deliver", "-w", workspace)
    assert last.code == 0
    assert (workspace / "calc.py").read_text() == BETTER
    assert user_files(workspace) == tree_files(shadow(state_dir), done.status["seal"]["tree"])


def test_it_is_said_in_words_that_an_edit_was_kept(
    checked: Path, start: Callable[..., Running], tmp_path: Path
) -> None:
    host = Plan().task("t1", "calc.py", work=write("calc.py", BETTER, duration_s=1.5)).save(tmp_path)
    running = start("run", "better", "-w", checked, "--host", host)
    mine = "def add(a, b):\n    return 0 + a + b\n"
    todo = checked / ".opencode/todo.md"
    until(lambda: todo.exists() and "t1" in todo.read_text(), "the plan is in todo.md", 30)
    (checked / "calc.py").write_text(mine)
    done = running.end()
    assert done.code == 0
    said = " ".join(done.out.split())
    assert "sealed" in said
    assert "you changed calc.py meanwhile" in said
    assert ".patch" in said
    assert (checked / "calc.py").read_text() == mine
