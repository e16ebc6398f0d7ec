"""A worktree holds exactly its commit's tree, whatever the last task left behind."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import anyio
import pytest

from orchestrator.ports.workspace import WorkspaceError
from orchestrator.workspace import folder, open_workspace
from orchestrator.workspace.worktrees import Worktrees

pytestmark = pytest.mark.anyio

BASE = {
    "a.txt": "one\n",
    "dir/b.txt": "two\n",
    "dir/deep/c.txt": "three\n",
    ".gitignore": "*.log\nvenv/\n",
    "x.sh": "#!\n",
}


@pytest.fixture
async def base(root, workspace, fill):
    fill(root, BASE)
    (root / "x.sh").chmod(0o755)
    (root / "link").symlink_to("a.txt")
    return (await workspace.snapshot()).commit


def _swap_file_and_folder(folder: Path) -> None:
    (folder / "a.txt").unlink()
    (folder / "a.txt").mkdir()
    (folder / "a.txt/inner").write_text("x")
    shutil.rmtree(folder / "dir")
    (folder / "dir").write_text("a file now")


def _same_size_same_time(folder: Path) -> None:
    before = (folder / "a.txt").stat()
    (folder / "a.txt").write_text("ONE\n")
    os.utime(folder / "a.txt", ns=(before.st_atime_ns, before.st_mtime_ns))


def _replace_links(folder: Path) -> None:
    (folder / "link").unlink()
    (folder / "link").write_text("a file")
    (folder / "dir/b.txt").unlink()
    (folder / "dir/b.txt").symlink_to("/etc/passwd")


def _folder_to_link(folder: Path) -> None:
    outside = folder.parent.parent / "outside"
    outside.mkdir(exist_ok=True)
    (outside / "b.txt").write_text("precious")
    shutil.rmtree(folder / "dir")
    (folder / "dir").symlink_to(outside)


def _change_modes(folder: Path) -> None:
    (folder / "a.txt").chmod(0o777)
    (folder / "x.sh").chmod(0o600)
    (folder / "dir/deep").chmod(0)
    (folder / "dir").chmod(0o777)


def _add_ignored_and_empty(folder: Path) -> None:
    (folder / "noise.log").write_text("x")
    (folder / "venv/lib").mkdir(parents=True)
    (folder / "venv/lib/m.py").write_text("x")
    (folder / "empty/inner").mkdir(parents=True)
    os.mkfifo(folder / "fifo")
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff")).write_text("x")


def _hard_link(folder: Path) -> None:
    os.link(folder / "a.txt", folder.parent.parent / "second-name")


def _git_inside(folder: Path) -> None:
    (folder / ".git/objects").mkdir(parents=True)
    (folder / ".git/HEAD").write_text("ref: refs/heads/x\n")


def _remove_all(folder: Path) -> None:
    shutil.rmtree(folder)


MESSES = [
    _swap_file_and_folder,
    _same_size_same_time,
    _replace_links,
    _folder_to_link,
    _change_modes,
    _add_ignored_and_empty,
    _hard_link,
    _git_inside,
    _remove_all,
]


@pytest.mark.parametrize("mess", MESSES)
@pytest.mark.parametrize("pause_s", [0.0, 0.15])
async def test_nothing_of_the_last_task_is_left(workspace, base, listing, mess, pause_s):
    async with workspace.checkout(base) as worktree:
        clean, path = listing(worktree.path), worktree.path
    time.sleep(pause_s)  # noqa: ASYNC251 - file times must grow old; nothing else runs
    async with workspace.checkout(base) as worktree:
        assert worktree.path == path
        assert listing(path) == clean
        mess(Path(path))
        assert mess is _hard_link or listing(path) != clean
    async with workspace.checkout(base) as worktree:
        assert worktree.path == path
        assert listing(path) == clean
        assert (Path(path) / "a.txt").stat().st_nlink == 1
    outside = Path(path).parent.parent / "outside/b.txt"
    assert mess is not _folder_to_link or outside.read_text() == "precious"


async def test_switch_between_trees(root, workspace, base, fill, listing):
    shutil.rmtree(root / "dir")
    fill(root, {"dir": "file\n", "a.txt": "uno\n", "new/n": "n"})
    (root / "x.sh").chmod(0o644)
    other = (await workspace.snapshot()).commit
    seen = {}
    for commit in (base, other, base, other):
        async with workspace.checkout(commit) as worktree:
            seen.setdefault(commit, listing(worktree.path))
            assert listing(worktree.path) == seen[commit]
    assert set(seen[other]) == {"dir", "a.txt", "new", "new/n", "x.sh", "link", ".gitignore"}


async def test_untouched_files_are_not_written_again(workspace, base):
    async with workspace.checkout(base) as worktree:
        before = (Path(worktree.path) / "dir/b.txt").stat()
    async with workspace.checkout(base) as worktree:
        assert (Path(worktree.path) / "dir/b.txt").stat().st_ctime_ns == before.st_ctime_ns


async def test_files_just_written_are_not_trusted_by_their_times(workspace, base, monkeypatch):
    with monkeypatch.context() as slow:
        slow.setattr(folder, "RACY_NS", 60 * 10**9)  # However slow this machine is, the files count as just written.
        async with workspace.checkout(base) as worktree:
            assert workspace._worktrees.folder(worktree).states.certain_count == 0
    time.sleep(0.15)  # noqa: ASYNC251 - file times must grow old; nothing else runs
    async with workspace.checkout(base) as worktree:
        assert workspace._worktrees.folder(worktree).states.certain_count == len(BASE) + 1


async def test_worktrees_share_nothing(workspace, base, listing):
    async with workspace.checkout(base) as one, workspace.checkout(base) as two:
        assert one.path != two.path
        before = listing(two.path)
        with (Path(one.path) / "a.txt").open("r+") as file:
            file.write("in place")
        assert listing(two.path) == before


async def test_folders_of_an_earlier_process_are_checked_and_reused(places, workspace, base, listing):
    async with workspace.checkout(base) as worktree:
        clean, path = listing(worktree.path), worktree.path
        (Path(path) / "a.txt").write_text("left by a killed task")
        (Path(path) / "junk").write_text("x")
    again = open_workspace(places)
    async with again.checkout(base) as worktree:
        assert worktree.path == path
        assert listing(path) == clean


async def test_pool_is_bounded_and_waiting_ends(places, workspace, base):
    pool = Worktrees(places.state / "small", workspace._shadow, size=1, wait_s=0.1)
    async with pool.checkout(base):
        with pytest.raises(WorkspaceError) as raised:
            async with pool.checkout(base):
                pass
        assert raised.value.code == "no_worktree_free"
    async with anyio.create_task_group() as group:

        async def use():
            async with pool.checkout(base):
                await anyio.sleep(0.01)

        for _ in range(5):
            group.start_soon(use)
    assert len(list((places.state / "small").iterdir())) == 1


async def test_unknown_commit(workspace):
    for commit in ("0" * 40, "nonsense", ""):
        with pytest.raises(WorkspaceError) as raised:
            async with workspace.checkout(commit):
                pass
        assert raised.value.code == "no_such_commit"


class _Setup:
    """A setup command that counts its runs."""

    def __init__(self, path: str, text: str = "m") -> None:
        self.path, self.text, self.runs = path, text, 0

    async def __call__(self) -> None:
        self.runs += 1
        folder = Path(self.path)
        (folder / "venv/bin").mkdir(parents=True, exist_ok=True)
        (folder / "venv/empty").mkdir(exist_ok=True)
        (folder / "venv/m.py").write_text(self.text)
        (folder / "venv/bin/python").symlink_to("/usr/bin/env")
        (folder / "a.txt").write_text("changed by the setup\n")


async def test_setup_runs_once_for_a_key_and_survives_switches(root, workspace, base, fill):
    fill(root, {"a.txt": "uno\n"})
    other = (await workspace.snapshot()).commit
    runs = []
    for commit in (base, other, base):
        async with workspace.checkout(commit) as worktree:
            setup = _Setup(worktree.path)
            runs.append(await workspace.prepared(worktree, "key", setup))
            assert (Path(worktree.path) / "venv/m.py").read_text() == "m"
            assert (Path(worktree.path) / "venv/empty").is_dir()
            assert (Path(worktree.path) / "a.txt").read_text() == ("uno\n" if commit == other else "one\n")
            assert (await workspace.commit(worktree, "nothing")).paths == ()
    assert runs == [True, False, False]


@pytest.mark.parametrize("harm", ["edit", "remove", "key"])
async def test_setup_runs_again_when_needed(workspace, base, harm):
    async with workspace.checkout(base) as worktree:
        await workspace.prepared(worktree, "key", _Setup(worktree.path))
        if harm == "edit":
            (Path(worktree.path) / "venv/m.py").write_text("M")
        if harm == "remove":
            (Path(worktree.path) / "venv/bin/python").unlink()
    async with workspace.checkout(base) as worktree:
        assert (harm == "key") == (Path(worktree.path) / "venv").exists()
        assert await workspace.prepared(worktree, "other" if harm == "key" else "key", _Setup(worktree.path))
        assert (Path(worktree.path) / "venv/m.py").read_text() == "m"


async def test_failed_setup_leaves_no_product(workspace, base):
    async def broken() -> None:
        raise RuntimeError("no network")

    async with workspace.checkout(base) as worktree:
        (Path(worktree.path) / "half").write_text("x")
        with pytest.raises(RuntimeError):
            await workspace.prepared(worktree, "key", broken)
    async with workspace.checkout(base) as worktree:
        assert not (Path(worktree.path) / "half").exists()


async def test_setup_with_a_new_key_keeps_the_tasks_work(workspace, base):
    async with workspace.checkout(base) as worktree:
        folder = Path(worktree.path)
        await workspace.prepared(worktree, "key", _Setup(worktree.path))
        (folder / "dir/b.txt").write_text("work\n")
        (folder / "made.txt").write_text("work\n")
        (folder / "a.txt").write_text("work\n")
        await workspace.prepared(worktree, "other", _Setup(worktree.path, "n"))
        change = await workspace.commit(worktree, "work")
    assert change.paths == ("a.txt", "dir/b.txt", "made.txt")
    assert await workspace.read_file(change.commit, "dir/b.txt") == b"work\n"
