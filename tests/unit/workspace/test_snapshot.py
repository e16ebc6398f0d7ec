"""Snapshots hold exactly what the user has, and change nothing there."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from orchestrator.config.places import Places
from orchestrator.config.places import places as places_of
from orchestrator.domain.words import DeliveryMode
from orchestrator.ports.workspace import WorkspaceError
from orchestrator.workspace import open_workspace, scan
from orchestrator.workspace import snapshot as snapshot_module
from orchestrator.workspace.shadow import Shadow
from orchestrator.workspace.snapshot import Snapshots

pytestmark = pytest.mark.anyio


async def _paths(workspace, commit: str) -> set[str]:
    async with workspace.checkout(commit) as worktree:
        return _files_below(Path(worktree.path))


def _files_below(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir() or p.is_symlink()}


async def test_uncommitted_work_is_in_ignored_files_are_not(repository, workspace, git, fill):
    fill(repository, {"kept.log": "tracked though ignored\n", "build/x": "no", "noise.log": "no", "new.txt": "new\n"})
    git("add", "-f", "kept.log")
    fill(repository, {"a.txt": "changed\n"})
    (repository / "src/b.py").unlink()
    taken = await workspace.snapshot()
    assert await _paths(workspace, taken.commit) == {"a.txt", ".gitignore", "kept.log", "new.txt"}
    assert await workspace.read_file(taken.commit, "a.txt") == b"changed\n"
    assert taken.file_count == 4
    assert taken.left_out == ()


async def test_info_exclude_is_respected(repository, workspace, fill):
    fill(repository, {".git/info/exclude": "secret.txt\n", "secret.txt": "x"})
    taken = await workspace.snapshot()
    assert await workspace.read_file(taken.commit, "secret.txt") is None


async def test_nothing_of_the_user_changes(repository, workspace, git, fill, listing):
    fill(repository, {"a.txt": "changed\n", "new.txt": "x"})
    os.utime(repository / "src/b.py", (1, 1))  # The index is stale: a status would want to refresh it.
    before = listing(repository)
    times = {p: p.lstat().st_mtime_ns for p in repository.rglob("*")}
    await workspace.snapshot()
    assert listing(repository) == before
    assert {p: p.lstat().st_mtime_ns for p in repository.rglob("*")} == times


async def test_bytes_modes_links_and_odd_names_survive(repository, workspace, git, fill, listing):
    git("config", "core.autocrlf", "true")
    git("config", "filter.shout.clean", "tr a-z A-Z")
    git("config", "filter.shout.smudge", "tr a-z A-Z")
    fill(
        repository,
        {
            ".gitattributes": "*.txt text eol=lf filter=shout\n*.bin -text working-tree-encoding=UTF-16\n",
            "crlf.txt": b"one\r\ntwo\r\n",
            "mixed.txt": b"one\r\ntwo\nthree\r",
            "x.bin": bytes(range(256)),
            "-x": "dash\n",
            "with space/naïve 名.txt": "unicode\n",
            "empty": "",
            "run.sh": "#!/bin/sh\n",
        },
    )
    (repository / "run.sh").chmod(0o755)
    (repository / "group.sh").write_text("x")
    (repository / "group.sh").chmod(0o674)
    (repository / "link").symlink_to("src")
    (repository / "dangling").symlink_to("/nowhere/at all")
    taken = await workspace.snapshot()
    user = {p: v for p, v in listing(repository).items() if not p.startswith(".git/") and p != ".git"}
    user["group.sh"] = user["group.sh"].replace("674 ", "644 ")
    async with workspace.checkout(taken.commit) as worktree:
        assert listing(worktree.path) == user
        assert ".git" not in listing(worktree.path)


async def test_hooks_do_not_run(repository, workspace, fill):
    mark = repository.parent / "hook-ran"
    for hook in ("post-checkout", "pre-commit", "post-commit", "reference-transaction", "post-index-change"):
        fill(repository, {f".git/hooks/{hook}": f"#!/bin/sh\ntouch {mark}\n"})
        (repository / ".git/hooks" / hook).chmod(0o755)
    fill(repository, {"n.txt": "n"})
    taken = await workspace.snapshot()
    async with workspace.checkout(taken.commit) as worktree:
        fill(worktree.path, {"m.txt": "m"})
        change = await workspace.commit(worktree, "m")
    delivery = await workspace.deliver("m1", taken.commit, change.commit, DeliveryMode.BRANCH, "m")
    assert delivery.place == "orchestrator/m1"
    assert not mark.exists()


async def test_what_is_left_out_is_named(repository, workspace, git, fill, monkeypatch):
    monkeypatch.setattr(snapshot_module, "MAX_FILE_BYTES", 1000)
    fill(
        repository,
        {
            "big.bin": b"x" * 1001,
            "inner/code.py": "x",
            ".opencode/todo.md": "t",
            ".opencode/summary.md": "s",
            ".opencode/.todo.md.new": "t",
            ".opencode/.summary.md.new": "s",
        },
    )
    git("init", "-q", cwd=repository / "inner")
    git("update-index", "--add", "--cacheinfo", "160000,1234567890123456789012345678901234567890,module")
    fill(repository, {"module/file": "x", "GIT~1": "x"})
    os.mkfifo(repository / "fifo")
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(repository)
        server.bind("sock")
        taken = await workspace.snapshot()
    assert await _paths(workspace, taken.commit) == {"a.txt", ".gitignore", "src/b.py"}
    named = {line.split(":")[0] for line in taken.left_out}
    assert named == {"big.bin", "inner", "module", "GIT~1", "fifo", "sock"}


async def test_name_that_is_not_utf8_is_named(root, workspace, fill):
    fill(root, {os.fsdecode(b"\xff.txt"): "x"})
    taken = await workspace.snapshot()
    assert taken.file_count == 0
    assert len(taken.left_out) == 1


async def test_state_inside_the_workspace_is_left_out(root, fill):
    fill(root, {"a": "x"})
    workspace = open_workspace(Places(root, root / "state"))
    taken = await workspace.snapshot()
    assert taken.file_count == 1
    assert (await workspace.snapshot()).commit == taken.commit


async def test_caps_have_an_error_with_a_hint(root, places, fill):
    fill(root, {f"f{n}": "x" * 10 for n in range(12)})
    snapshots = Snapshots(places, Shadow(places.shadow))
    for limits in ({"max_files": 11}, {"max_bytes": 100}):
        with pytest.raises(WorkspaceError) as raised:
            snapshots.take(**limits)
        assert raised.value.code == "workspace_too_large"
        assert raised.value.hint
    assert snapshots.take(max_files=12).file_count == 12


def _count_reads(monkeypatch) -> list[str]:
    reads: list[str] = []
    real = snapshot_module.read_entry

    def counting(folder, name, path):
        reads.append(path)
        return real(folder, name, path)

    monkeypatch.setattr(snapshot_module, "read_entry", counting)
    return reads


def test_unchanged_tree_is_not_read_again(root, places, fill, monkeypatch):
    fill(root, {f"d{n % 7}/f{n}": f"{n}" for n in range(50)})
    time.sleep(0.15)
    reads = _count_reads(monkeypatch)
    first = Snapshots(places, Shadow(places.shadow))
    taken = first.take()
    assert len(reads) == 50
    assert first.take() == taken
    assert Snapshots(places, Shadow(places.shadow)).take() == taken, "also in a new process"
    assert len(reads) == 50
    state = (root / "d0/f0").stat()
    fill(root, {"d0/f0": "9"})
    os.utime(root / "d0/f0", ns=(state.st_atime_ns, state.st_mtime_ns))
    assert first.take().commit != taken.commit, "same size and time, other content"


def test_edits_right_after_a_snapshot_are_seen(root, places, fill):
    snapshots = Snapshots(places, Shadow(places.shadow))
    commits = set()
    for n in range(10):
        fill(root, {"f": str(n)})
        commits.add(snapshots.take().commit)
    assert len(commits) == 10


def test_file_changed_within_a_clock_tick_is_read_again(root, places, fill, monkeypatch):
    monkeypatch.setattr(scan, "RACY_NS", 60 * 10**9)  # However slow this machine is, the file counts as just changed.
    snapshots = Snapshots(places, Shadow(places.shadow))
    reads = _count_reads(monkeypatch)
    fill(root, {"f": "x"})
    snapshots.take()
    snapshots.take()
    assert reads == ["f", "f"], "its times could not show a second change in the same tick"


def test_damaged_cache_counts_as_empty(root, places, fill):
    fill(root, {"f": "x"})
    time.sleep(0.15)
    taken = Snapshots(places, Shadow(places.shadow)).take()
    (places.shadow / "orchestrator-blobs").write_bytes(b"\xc1 nonsense")
    assert Snapshots(places, Shadow(places.shadow)).take() == taken


async def test_linked_worktree_of_the_user(repository, git, fill):
    git("worktree", "add", "-q", str(repository.parent / "linked"))
    linked = repository.parent / "linked"
    fill(repository, {".git/info/exclude": "hidden\n"})
    fill(linked, {"hidden": "x", "n": "x", "t.log": "t"})
    git("add", "-f", "t.log", cwd=linked)
    workspace = open_workspace(Places(linked, repository.parent / "state"))
    taken = await workspace.snapshot()
    assert await _paths(workspace, taken.commit) == {"a.txt", ".gitignore", "src/b.py", "n", "t.log"}


async def test_sha256_repository_is_taken_and_says_what_it_can_not_read(root, git, fill):
    git("init", "-q", "--object-format=sha256")
    fill(root, {"a": "x"})
    git("add", "-A")
    workspace = open_workspace(Places(root, root.parent / "state"))
    taken = await workspace.snapshot()
    assert taken.file_count == 1
    assert taken.left_out and taken.left_out[0].startswith(".git/index: ")


def test_bad_folders_have_their_own_errors(tmp_path):
    (tmp_path / "file").write_text("x")
    for path, code in ((tmp_path / "none", "no_such_workspace"), (tmp_path / "file", "not_a_folder")):
        with pytest.raises(WorkspaceError) as raised:
            open_workspace(places_of(path))
        assert raised.value.code == code
        assert raised.value.hint
