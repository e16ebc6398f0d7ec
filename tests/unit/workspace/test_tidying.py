"""The shadow repository stays below its size: garbage goes, then the work of the oldest ended missions."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from orchestrator.config.places import Places
from orchestrator.domain.words import DeliveryMode
from orchestrator.ports.workspace import WorkspaceError, Worktree
from orchestrator.workspace.room import ShadowWorkspace, open_workspace
from orchestrator.workspace.tidying import dropped_missions

pytestmark = pytest.mark.anyio
FILE_BYTES = 200_000


@pytest.fixture
def places(tmp_path: Path) -> Places:
    (tmp_path / "user").mkdir()
    (tmp_path / "user" / "kept.bin").write_bytes(os.urandom(FILE_BYTES))
    return Places(tmp_path / "user", tmp_path / "state")


def age(places: Places, mission_id: str = "", by_s: float = 1_000.0) -> None:
    """Make everything so old, or a mission's ref alone."""
    paths = [places.shadow / "refs" / "missions" / mission_id] if mission_id else places.shadow.rglob("*")
    for path in paths:
        if path.is_file():
            then_s = time.time() - by_s
            os.utime(path, (then_s, then_s))


async def mission(workspace: ShadowWorkspace, name: str, data: bytes) -> tuple[str, str]:
    """A mission that writes one file; its base and tip."""
    base = (await workspace.snapshot()).commit
    async with workspace.checkout(base) as worktree:
        put(worktree, f"{name}.bin", data)
        tip = (await workspace.commit(worktree, name)).commit
    await workspace.advance(name, tip, previous="")
    return base, tip


def put(worktree: Worktree, name: str, data: bytes) -> None:
    Path(worktree.path, name).write_bytes(data)


def content(folder: str | Path, name: str) -> bytes:
    return Path(folder, name).read_bytes()


def size_bytes(places: Places) -> int:
    return sum(path.stat().st_blocks * 512 for path in (places.shadow / "objects").glob("??/*"))


async def test_the_work_of_the_oldest_goes_first(places: Places) -> None:
    workspace = open_workspace(places, work_bytes=int(4.4 * FILE_BYTES))
    made = {name: await mission(workspace, name, os.urandom(FILE_BYTES)) for name in ("m1", "m2", "m3", "m4")}
    age(places)
    for number, name in enumerate(made):
        age(places, name, 1_000.0 - number)
    assert await workspace.tidy({"m1"}, ()) == ("m3", "m2")
    assert dropped_missions(places.shadow) == {"m2", "m3"}
    assert size_bytes(places) < 4.4 * FILE_BYTES
    for name in ("m1", "m4"):
        base, tip = made[name]
        assert await workspace.changed_paths(base, tip) == (f"{name}.bin",)
        async with workspace.checkout(tip) as worktree:
            assert len(content(worktree.path, "kept.bin")) == FILE_BYTES
    with pytest.raises(WorkspaceError) as caught:
        await workspace.deliver("m2", *made["m2"], DeliveryMode.PATCH, "work")
    assert caught.value.code == "no_such_commit"
    # What the next snapshot names without reading it is still there.
    after = await workspace.snapshot()
    async with workspace.checkout(after.commit) as worktree:
        assert content(worktree.path, "kept.bin") == content(places.root, "kept.bin")


async def test_garbage_goes_before_anybody_s_work(places: Places) -> None:
    workspace = open_workspace(places, work_bytes=int(4.5 * FILE_BYTES))
    base, _ = await mission(workspace, "m1", os.urandom(FILE_BYTES))
    refused: list[str] = []
    for _ in range(3):
        async with workspace.checkout(base) as worktree:
            put(worktree, "refused.bin", os.urandom(FILE_BYTES))
            refused.append((await workspace.commit(worktree, "refused")).commit)
    assert await workspace.tidy((), ()) == ()
    assert size_bytes(places) > 4.5 * FILE_BYTES, "what was written a moment ago stays"
    age(places)
    assert await workspace.tidy((), refused[-1:]) == ()
    assert size_bytes(places) < 4.5 * FILE_BYTES
    assert await workspace.changed_paths(base, refused[-1]) == ("refused.bin",)
    with pytest.raises(WorkspaceError):
        await workspace.changed_paths(base, refused[0])


async def test_below_the_size_nothing_is_looked_at(places: Places) -> None:
    workspace = open_workspace(places)
    await mission(workspace, "m1", b"x")
    age(places)
    before = sorted(places.shadow.rglob("*"))
    assert await workspace.tidy((), ()) == ()
    assert sorted(places.shadow.rglob("*")) == before


async def test_few_folders_are_kept_while_nothing_runs(places: Places) -> None:
    workspace = open_workspace(places)
    base = (await workspace.snapshot()).commit
    for number in range(12):
        (places.worktrees / f"left{number}").mkdir(parents=True)
    again = open_workspace(places)
    await again.tidy((), ())
    assert len(list(places.worktrees.iterdir())) == 8
    async with again.checkout(base) as worktree:
        assert content(worktree.path, "kept.bin") == content(places.root, "kept.bin")


async def test_a_boot_finds_what_never_reached_the_disk(places: Places) -> None:
    workspace = open_workspace(places)
    base, tip = await mission(workspace, "m1", b"work")
    async with workspace.checkout(base) as worktree:
        put(worktree, "a.bin", b"half of this is lost")
        lost = (await workspace.commit(worktree, "lost")).commit
    path = places.shadow / "objects" / lost[:2] / lost[2:]
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:10])
    (places.shadow / "refs" / "missions" / "m2").write_bytes(b"")
    (places.shadow / "objects" / "tmp_obj_1").write_bytes(b"x")
    open_workspace(places)
    assert path.exists(), "the machine has not been off"
    (places.shadow / "orchestrator-boot").write_text("an earlier boot")
    again = open_workspace(places)
    assert not path.exists()
    assert not (places.shadow / "objects" / "tmp_obj_1").exists()
    await again.restore_ref("m2", tip)
    assert await again.changed_paths(base, tip) == ("m1.bin",)
