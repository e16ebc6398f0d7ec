"""Delivery: all or nothing, never over what the user changed, and always a way to the work."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from orchestrator.domain.words import DeliveryMode
from orchestrator.ports.workspace import WorkspaceError
from orchestrator.workspace import atomic, open_workspace
from orchestrator.workspace.apply import Application

pytestmark = pytest.mark.anyio

APPLY, BRANCH, PATCH = DeliveryMode.APPLY, DeliveryMode.BRANCH, DeliveryMode.PATCH


@pytest.fixture
def mission(workspace, fill):
    """Takes a snapshot and makes a change on it; answers base and tip."""

    async def make(files: dict[str, str | bytes | None], modes: dict[str, int] | None = None) -> tuple[str, str]:
        base = (await workspace.snapshot()).commit
        async with workspace.checkout(base) as worktree:
            folder = Path(worktree.path)
            for path in (p for p, content in files.items() if content is None):
                (folder / path).unlink()
                if path.count("/") and not any((folder / path).parent.iterdir()):
                    (folder / path).parent.rmdir()
            fill(folder, {p: c for p, c in files.items() if c is not None})
            for path, mode in (modes or {}).items():
                (folder / path).chmod(mode)
            tip = (await workspace.commit(worktree, "work")).commit
        return base, tip

    return make


FILES = {"a.txt": "one\nTWO\nthree\n", "src/b.py": None, "new/deep/c.txt": "c\n", "x.bin": bytes(range(256))}


async def test_apply(repository, workspace, mission, listing):
    before = listing(repository)
    base, tip = await mission(FILES)
    (repository / "a.txt").chmod(0o664)
    delivery = await workspace.deliver("m1", base, tip, APPLY, "The work")
    assert (delivery.mode, delivery.place, delivery.kept_back) == (APPLY, str(repository), ())
    assert delivery.paths == tuple(sorted(FILES))
    assert (repository / "a.txt").read_text() == FILES["a.txt"]
    assert (repository / "a.txt").stat().st_mode & 0o777 == 0o664, "permissions stay the user's"
    assert not (repository / "src").exists(), "the mission emptied it"
    assert (repository / "x.bin").read_bytes() == FILES["x.bin"]
    after = listing(repository)
    changed = {p for p in before.keys() | after.keys() if before.get(p) != after.get(p)}
    assert changed == {*FILES, "src", "new", "new/deep"}, "also nothing in .git, no temporary files"
    again = await workspace.deliver("m1", tip, tip, APPLY, "Nothing")
    assert again.paths == ()
    assert "nothing" in again.detail


async def test_delivering_again_changes_nothing_and_says_so(repository, workspace, mission, listing):
    base, tip = await mission(FILES)
    await workspace.deliver("m1", base, tip, APPLY, "The work")
    before = listing(repository)
    again = await workspace.deliver("m1", base, tip, APPLY, "The work")
    assert (again.mode, again.kept_back, again.detail) == (APPLY, (), "the files hold this work already")
    assert listing(repository) == before
    (repository / "a.txt").write_text("one\ntwo and a half\nthree\n")
    assert (await workspace.deliver("m1", base, tip, APPLY, "The work")).kept_back == ("a.txt",)


async def test_modes_links_and_swaps(root, workspace, fill, mission, listing):
    fill(
        root,
        {
            "run.sh": "#!\n",
            "gone": "x",
            "dir/f": "f",
            "dir/ignored.log": "mine",
            ".gitignore": "*.log\n",
            "swap": "s",
            "d2/x": "x",
        },
    )
    (root / "run.sh").chmod(0o640)
    base, _ = await mission({})
    async with workspace.checkout(base) as worktree:
        folder = Path(worktree.path)
        (folder / "run.sh").chmod(0o755)
        (folder / "gone").unlink()
        (folder / "gone").symlink_to("run.sh")
        (folder / "dir/f").unlink()
        (folder / "swap").unlink()
        fill(folder, {"swap/inner/f": "x"})
        (folder / "d2/x").unlink()
        (folder / "d2").rmdir()
        (folder / "d2").write_text("a file")
        tip = (await workspace.commit(worktree, "w")).commit
    delivery = await workspace.deliver("m", base, tip, APPLY, "t")
    assert delivery.mode is APPLY, delivery.detail
    assert (root / "run.sh").stat().st_mode & 0o777 == 0o750
    assert (root / "gone").readlink() == Path("run.sh")
    assert (root / "dir/ignored.log").read_text() == "mine"
    assert (root / "swap/inner/f").read_text() == "x"
    assert (root / "d2").read_text() == "a file"


def _edit(root: Path) -> str:
    state = (root / "a.txt").stat()
    (root / "a.txt").write_text("ONE\ntwo\nthree\n")
    os.utime(root / "a.txt", ns=(state.st_atime_ns, state.st_mtime_ns))
    return "a.txt"


def _delete(root: Path) -> str:
    (root / "a.txt").unlink()
    return "a.txt"


def _delete_what_is_deleted(root: Path) -> str:
    (root / "src/b.py").write_text("b = 2\n")
    return "src/b.py"


def _collide(root: Path) -> str:
    (root / "x.bin").write_text("the user's")
    return "x.bin"


def _collide_with_folder(root: Path) -> str:
    (root / "x.bin").mkdir()
    (root / "x.bin/inner").write_text("the user's")
    return "x.bin"


def _collide_above(root: Path) -> str:
    (root / "new").write_text("the user's")
    return "new/deep/c.txt"


def _make_executable(root: Path) -> str:
    (root / "a.txt").chmod(0o755)
    return "a.txt"


def _link_in_the_way(root: Path) -> str:
    (root.parent / "outside").mkdir()
    (root / "new").symlink_to(root.parent / "outside")
    return "new/deep/c.txt"


EDITS = [
    _edit,
    _delete,
    _delete_what_is_deleted,
    _collide,
    _collide_with_folder,
    _collide_above,
    _make_executable,
    _link_in_the_way,
]


@pytest.mark.parametrize("is_repository", [True, False])
@pytest.mark.parametrize("edit", EDITS)
async def test_what_the_user_changed_is_kept(*, root, request, workspace, mission, fill, listing, edit, is_repository):
    if is_repository:
        request.getfixturevalue("repository")
    else:
        fill(root, {"a.txt": "one\ntwo\nthree\n", "src/b.py": "b = 1\n"})
    base, tip = await mission(FILES)
    changed = edit(root)
    before = {p: v for p, v in listing(root).items() if not p.startswith(".git/")}
    delivery = await workspace.deliver("m1", base, tip, APPLY, "The work")
    assert {p: v for p, v in listing(root).items() if not p.startswith(".git/")} == before
    assert delivery.mode is (BRANCH if is_repository else PATCH)
    assert delivery.kept_back == (changed,)
    assert changed in delivery.detail
    assert not (root.parent / "outside/deep").exists()


@pytest.mark.parametrize("edit", [_edit, _collide, _collide_with_folder, _link_in_the_way, _delete])
async def test_edit_in_the_moment_of_delivery(*, repository, workspace, mission, listing, monkeypatch, edit):
    """The check passes, then the user is faster: what was done so far is undone."""
    base, tip = await mission(FILES)
    real = Application.kept_back
    calls = []

    def then_edit(self):
        kept = real(self)
        if not calls:
            calls.append(edit(repository))
            calls.append({p: v for p, v in listing(repository).items() if not p.startswith(".git/")})
        return kept

    monkeypatch.setattr(Application, "kept_back", then_edit)
    delivery = await workspace.deliver("m1", base, tip, APPLY, "The work")
    assert {p: v for p, v in listing(repository).items() if not p.startswith(".git/")} == calls[1]
    assert delivery.mode in {BRANCH, PATCH}
    assert not (repository.parent / "outside/deep").exists()


async def test_folder_moved_away_between_two_steps(*, repository, workspace, mission, fill, monkeypatch):
    fill(repository, {"src/c.py": "c = 1\n"})
    base, tip = await mission({"src/b.py": "b = 2\n", "src/c.py": "c = 2\n"})
    real = Application._swap
    outside = repository.parent / "outside"
    outside.mkdir()

    def moving(self, *step):
        status = real(self, *step)
        if not (repository / "src").is_symlink():
            (repository / "src").rename(repository / "moved")
            (repository / "src").symlink_to(outside)
        return status

    monkeypatch.setattr(Application, "_swap", moving)
    delivery = await workspace.deliver("m1", base, tip, APPLY, "The work")
    assert delivery.mode is PATCH
    assert "NOT put back: src/b.py" in delivery.detail
    assert (repository / "moved/c.py").read_text() == "c = 1\n"
    assert not list(outside.iterdir())


async def test_edit_between_check_and_swap_is_swapped_back(repository, workspace, mission, monkeypatch):
    base, tip = await mission({"a.txt": "mission\n"})
    real = atomic.exchange
    edits = ["the user's, at the last moment\n"]

    def racing(folder, one, other):
        if edits:
            (repository / "a.txt").write_text(edits.pop())
        return real(folder, one, other)

    monkeypatch.setattr(atomic, "exchange", racing)
    delivery = await workspace.deliver("m1", base, tip, APPLY, "The work")
    assert (repository / "a.txt").read_text() == "the user's, at the last moment\n"
    assert delivery.kept_back == ("a.txt",)
    assert not list(repository.glob(".orchestrator*"))


@pytest.mark.parametrize("step", ["_write", "_write_file"])
async def test_failure_in_the_middle_restores(*, repository, workspace, mission, listing, monkeypatch, step):
    base, tip = await mission({**FILES, ".gitignore": "changed\n"})
    before = listing(repository)
    real = getattr(Application, step)

    def full(self, *args, **options):
        if self.changes["x.bin"][1] in args:
            raise OSError(28, "No space left on device")
        real(self, *args, **options)

    monkeypatch.setattr(Application, step, full)
    delivery = await workspace.deliver("m1", base, tip, APPLY, "The work")
    assert listing(repository) == before
    assert delivery.mode is PATCH
    assert "No space left" in delivery.detail


async def test_a_process_that_died_in_the_middle_is_undone(
    *, repository, places, workspace, mission, listing, monkeypatch
):
    base, tip = await mission(FILES)
    before = listing(repository)
    real = Application._swap
    steps = []

    class Killed(BaseException):
        pass

    def dying(self, *step):
        if len(steps) == 3:
            Path(repository, f".orchestrator-{self.token}00.tmp").write_bytes(FILES["x.bin"])
            raise Killed
        steps.append(step[1])
        return real(self, *step)

    monkeypatch.setattr(Application, "_swap", dying)
    with pytest.raises(Killed):
        await workspace.deliver("m1", base, tip, APPLY, "The work")
    assert listing(repository) != before
    monkeypatch.setattr(Application, "_swap", real)
    again = open_workspace(places)
    assert again.unrestored == ()
    after = {p: v for p, v in listing(repository).items() if not p.startswith("new")}
    assert after == before
    assert not (places.state / "delivery.json").exists()
    assert (await again.deliver("m1", base, tip, APPLY, "The work")).mode is APPLY


async def test_half_written_journal_means_nothing_was_done(repository, places, workspace):
    (places.state / "delivery.json").write_bytes(msgspec.json.encode({"mission_id": "x"})[:-3])
    assert open_workspace(places).unrestored == ()
    assert not (places.state / "delivery.json").exists()


async def test_branch_from_a_dirty_tree(*, repository, workspace, mission, git, fill, listing):
    fill(repository, {"a.txt": "dirty\n", "untracked.txt": "u\n", "staged.txt": "s\n"})
    git("add", "staged.txt")
    before = {p: v for p, v in listing(repository).items() if "objects" not in p}
    status, head = git("status", "--porcelain"), git("rev-parse", "HEAD").strip()
    base, tip = await mission({"a.txt": "mission\n", "n.txt": "n\n"})
    delivery = await workspace.deliver("m1", base, tip, BRANCH, "The work")
    assert (delivery.mode, delivery.place) == (BRANCH, "orchestrator/m1")
    assert git("status", "--porcelain") == status
    now = {p: v for p, v in listing(repository).items() if "objects" not in p and "orchestrator" not in p}
    ours = {".git/index"}  # `git status` above refreshes it.
    assert {p: v for p, v in now.items() if p not in ours} == {p: v for p, v in before.items() if p not in ours}
    assert git("log", "--format=%s", "orchestrator/m1").split("\n")[:3] == [
        "The work",
        "Work in progress before mission m1",
        "first",
    ]
    assert git("diff", "--name-only", "orchestrator/m1~1", "orchestrator/m1").split() == ["a.txt", "n.txt"]
    assert git("show", "orchestrator/m1~1:a.txt") == "dirty\n"
    assert git("rev-parse", "orchestrator/m1~2").strip() == head
    git("fsck", "--strict")
    assert (await workspace.deliver("m1", base, tip, BRANCH, "The work")).place == "orchestrator/m1-2"


async def test_branch_from_a_clean_tree_is_one_commit(repository, workspace, mission, git):
    base, tip = await mission({"a.txt": "mission\n"})
    await workspace.deliver("m1", base, tip, BRANCH, "The work")
    assert git("log", "--format=%s", "orchestrator/m1").split("\n")[:2] == ["The work", "first"]


async def test_branch_of_a_repository_without_a_commit(root, git, workspace, mission, fill):
    git("init", "-q", "-b", "main")
    fill(root, {"a": "a\n"})
    base, tip = await mission({"a": "b\n"})
    await workspace.deliver("m1", base, tip, BRANCH, "The work")
    assert git("log", "--format=%s", "orchestrator/m1").split("\n")[0] == "The work"
    assert git("status", "--porcelain") == "?? a\n"


async def test_branch_does_not_delete_what_the_snapshot_left_out(repository, workspace, mission, git, fill):
    git("update-index", "--add", "--cacheinfo", "160000,1234567890123456789012345678901234567890,module")
    fill(repository, {".opencode/todo.md": "tracked\n"})
    git("add", ".opencode/todo.md")
    git("commit", "-q", "-m", "second")
    base, tip = await mission({"a.txt": "mission\n"})
    await workspace.deliver("m1", base, tip, BRANCH, "The work")
    assert git("diff", "--name-only", "HEAD", "orchestrator/m1").split() == ["a.txt"]


async def test_branch_keeps_the_line_endings_of_the_repository(root, git, workspace, mission, fill):
    git("init", "-q")
    git("config", "core.autocrlf", "true")
    fill(root, {"a.txt": b"one\r\n", "b.txt": b"two\r\n"})
    git("add", "-A")
    git("commit", "-q", "-m", "first")
    base, tip = await mission({"a.txt": b"ONE\r\n"})
    assert await workspace.read_file(base, "a.txt") == b"one\r\n"
    await workspace.deliver("m1", base, tip, BRANCH, "The work")
    assert git("diff", "--stat=80", "HEAD", "orchestrator/m1").split()[0] == "a.txt"
    assert git("show", "orchestrator/m1:a.txt") == "ONE\n"
    assert len(git("log", "--format=%s", "orchestrator/m1").split("\n")) == 3


async def test_branch_name_taken_by_a_branch_falls_to_a_patch(repository, workspace, mission, git):
    git("branch", "orchestrator")
    base, tip = await mission({"a.txt": "mission\n"})
    delivery = await workspace.deliver("m1", base, tip, BRANCH, "The work")
    assert delivery.mode is PATCH
    assert "no branch" in delivery.detail


async def test_patch_applies_with_git(*, repository, places, workspace, mission, git, fill):
    fill(repository, {"with space_ü 名.txt": "u\n", "latin.txt": b"caf\xe9\n", "run.sh": "#!\n"})
    changed = {**FILES, "with space_ü 名.txt": "v\n", "latin.txt": b"th\xe9\n", "no newline": b"end", "empty": ""}
    base, tip = await mission(changed, {"run.sh": 0o755})
    delivery = await workspace.deliver("m1", base, tip, PATCH, "The work")
    assert delivery.mode is PATCH
    assert Path(delivery.place).parent == places.patches
    git("apply", delivery.place)
    taken = await workspace.snapshot()
    assert await workspace.changed_paths(tip, taken.commit) == ()
    assert (await workspace.deliver("m1", base, tip, PATCH, "The work")).place != delivery.place


async def test_folder_without_a_repository_gets_a_patch(root, workspace, mission, fill):
    fill(root, {"a": "x"})
    base, tip = await mission({"a": "y"})
    delivery = await workspace.deliver("m1", base, tip, BRANCH, "The work")
    assert delivery.mode is PATCH
    assert "no git repository" in delivery.detail


async def test_read_only_workspace_gets_a_patch(root, workspace, mission, fill, monkeypatch):
    fill(root, {"a": "x"})
    base, tip = await mission({"a": "y"})
    # Root may write anywhere, so the answer of the system is what is replaced here.
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    delivery = await workspace.deliver("m1", base, tip, APPLY, "The work")
    assert delivery.mode is PATCH
    assert "read-only" in delivery.detail
    assert (root / "a").read_text() == "x"


async def test_unusable_mission_id(workspace, root, fill, mission):
    fill(root, {"a": "x"})
    base, tip = await mission({"a": "y"})
    with pytest.raises(WorkspaceError):
        await workspace.deliver("../../x", base, tip, PATCH, "The work")


async def test_what_a_tree_does_not_say_is_put_back_too(*, repository, places, workspace, mission, fill, monkeypatch):
    """After a crash: the rights of a deleted file, a file that had become a folder, and the folders that were made."""
    fill(repository, {"private": "secret\n", "grows": "a file\n"})
    (repository / "private").chmod(0o600)
    base, tip = await mission({"private": None, "grows": None, "made/b.txt": "new\n"})
    async with workspace.checkout(tip) as worktree:
        fill(Path(worktree.path), {"grows/up.txt": "in a folder\n"})
        tip = (await workspace.commit(worktree, "grow")).commit

    class Killed(BaseException):
        pass

    def killed(self: Application) -> None:
        raise Killed

    monkeypatch.setattr(Application, "_remove_emptied", killed)
    with pytest.raises(Killed):
        await workspace.deliver("m1", base, tip, APPLY, "The work")
    assert (repository / "grows" / "up.txt").exists()
    assert open_workspace(places).unrestored == ()
    assert (repository / "grows").read_text() == "a file\n"
    assert (repository / "private").stat().st_mode & 0o777 == 0o600
    assert not (repository / "made").exists()


async def test_a_failed_delivery_gives_a_file_back_that_became_a_folder(
    repository, workspace, mission, fill, monkeypatch
):
    fill(repository, {"grows": "a file\n"})
    base, tip = await mission({"grows": None})
    async with workspace.checkout(tip) as worktree:
        fill(Path(worktree.path), {"grows/up.txt": "in a folder\n", "z.txt": "last\n"})
        tip = (await workspace.commit(worktree, "grow")).commit
    real = Application._write

    def full(self, *args):
        if self.changes["z.txt"][1] in args:
            raise OSError(28, "No space left on device")
        real(self, *args)

    monkeypatch.setattr(Application, "_write", full)
    delivery = await workspace.deliver("m1", base, tip, APPLY, "The work")
    assert "NOT put back" not in delivery.detail
    assert (repository / "grows").read_text() == "a file\n"
