"""A commit holds what the task changed: not less, not more."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.ports.workspace import WorkspaceError

pytestmark = pytest.mark.anyio


@pytest.fixture
async def base(repository, workspace, git, fill):
    fill(repository, {"kept.log": "tracked\n", ".git/info/exclude": "*.secret\n", "run.sh": "#!\n"})
    git("add", "-f", "kept.log")
    return (await workspace.snapshot()).commit


async def test_all_kinds_of_change(workspace, base, fill):
    async with workspace.checkout(base) as worktree:
        folder = Path(worktree.path)
        fill(
            folder,
            {"new/-x": "n", "noise.log": "i", "my.secret": "i", "kept.log": "changed\n", ".opencode/todo.md": "t"},
        )
        fill(folder, {"sub/.git/HEAD": "x"})
        (folder / "src/b.py").unlink()
        (folder / "run.sh").chmod(0o755)
        (folder / "link").symlink_to("new/-x")
        os.mkfifo(folder / "fifo")
        state = (folder / "a.txt").stat()
        (folder / "a.txt").write_text("ONE\ntwo\nthree\n")
        os.utime(folder / "a.txt", ns=(state.st_atime_ns, state.st_mtime_ns))
        change = await workspace.commit(worktree, "work")
    assert change.paths == ("a.txt", "kept.log", "link", "new/-x", "run.sh", "src/b.py")
    assert await workspace.changed_paths(base, change.commit) == change.paths
    assert await workspace.read_file(change.commit, "src/b.py") is None
    text = await workspace.diff(base, change.commit, ["a.txt", "new/"])
    assert "-one\n+ONE\n" in text
    assert "+n\n" in text
    assert "run.sh" not in text
    assert "old mode 100644\nnew mode 100755\n" in await workspace.diff(base, change.commit)


async def test_nothing_changed_is_the_same_commit(workspace, base):
    async with workspace.checkout(base) as worktree:
        (Path(worktree.path) / "a.txt").touch()
        change = await workspace.commit(worktree, "nothing")
    assert change.commit == base
    assert change.paths == ()


async def test_second_commit_of_a_worktree_starts_from_the_same_base(workspace, base, fill):
    async with workspace.checkout(base) as worktree:
        fill(worktree.path, {"a.txt": "1\n"})
        await workspace.commit(worktree, "first")
        fill(worktree.path, {"b.txt": "2\n"})
        assert (await workspace.commit(worktree, "second")).paths == ("a.txt", "b.txt")


async def test_file_becomes_folder_and_back(workspace, base, fill):
    async with workspace.checkout(base) as worktree:
        folder = Path(worktree.path)
        (folder / "a.txt").unlink()
        (folder / "src/b.py").unlink()
        (folder / "src").rmdir()
        fill(folder, {"a.txt/inner": "x", "src": "file"})
        change = await workspace.commit(worktree, "swap")
    assert change.paths == ("a.txt", "a.txt/inner", "src", "src/b.py")
    assert await workspace.read_file(change.commit, "src") == b"file"
    assert await workspace.read_file(change.commit, "a.txt/inner") == b"x"


@pytest.mark.parametrize("target", ["/etc/passwd", "../../outside", "new/../../../x", "step", "."])
async def test_links_that_lead_out_are_refused(workspace, base, target):
    async with workspace.checkout(base) as worktree:
        folder = Path(worktree.path)
        if target == "step":
            (folder / "src/up").symlink_to("..")  # Inside; but through it `..` leaves.
            target = "src/up/.."
        (folder / "bad").symlink_to(target)
        if target == ".":
            assert (await workspace.commit(worktree, "fine")).paths == ("bad",)
            return
        with pytest.raises(WorkspaceError) as raised:
            await workspace.commit(worktree, "bad")
    assert raised.value.code == "symlink_leads_out"
    assert "bad" in raised.value.message


async def test_worktree_that_was_given_back_can_not_be_committed(workspace, base):
    async with workspace.checkout(base) as worktree:
        pass
    with pytest.raises(WorkspaceError) as raised:
        await workspace.commit(worktree, "late")
    assert raised.value.code == "not_checked_out"


async def test_binary_files_are_named_in_a_diff(workspace, base, fill):
    async with workspace.checkout(base) as worktree:
        fill(worktree.path, {"x.bin": bytes(range(256))})
        change = await workspace.commit(worktree, "bin")
    assert "Binary files /dev/null and b/x.bin differ" in await workspace.diff(base, change.commit)


async def test_what_tools_leave_is_no_work_and_no_part_of_a_snapshot(repository, workspace, git, fill):
    """In a project that ignores nothing; what git tracks is the person's, whatever its name."""
    fill(repository, {".gitignore": "", "__pycache__/mine.pyc": "m", "node_modules/kept/a.js": "k", "old.pyc": "o"})
    git("add", "-f", "old.pyc")
    base = (await workspace.snapshot()).commit
    assert await workspace.read_file(base, "__pycache__/mine.pyc") is None
    assert await workspace.read_file(base, "node_modules/kept/a.js") == b"k", "checks may need it"
    left = ["pkg/__pycache__/a.pyc", ".pytest_cache/v/x", ".coverage"]
    async with workspace.checkout(base) as worktree:
        installed = "node_modules/.bin/jest"  # could stand in for what judges
        fill(worktree.path, {"a.py": "A = 1\n", "old.pyc": "n", installed: "x", **dict.fromkeys(left, "x")})
        change = await workspace.commit(worktree, "work")
    assert change.paths == ("a.py", installed, "old.pyc")
