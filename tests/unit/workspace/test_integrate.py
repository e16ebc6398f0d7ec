"""Merging in memory: what merges, what conflicts, and which refs keep it."""

from __future__ import annotations

from pathlib import Path

import pygit2
import pytest

from orchestrator.ports.workspace import WorkspaceError

pytestmark = pytest.mark.anyio

LINES = "".join(f"{n}\n" for n in range(20))


@pytest.fixture
async def base(root, workspace, fill):
    fill(root, {"f": LINES, "g": "g\n", "dir/h": "h\n", ".gitattributes": "f merge=ours\n"})
    return (await workspace.snapshot()).commit


@pytest.fixture
def change(workspace, base, fill):
    async def make(files: dict[str, str | None]) -> str:
        async with workspace.checkout(base) as worktree:
            for path, content in files.items():
                if content is None:
                    (Path(worktree.path) / path).unlink()
                else:
                    fill(worktree.path, {path: content})
            return (await workspace.commit(worktree, str(files))).commit

    return make


async def _merge(workspace, base, ours, theirs):
    return await workspace.merge(base=base, ours=ours, theirs=theirs, message="merge")


async def test_two_edits_of_one_file_merge(workspace, base, change):
    ours = await change({"f": LINES.replace("3\n", "three\n", 1), "g": "G\n"})
    theirs = await change({"f": LINES.replace("15\n", "fifteen\n"), "new": "n\n"})
    merged = await _merge(workspace, base, ours, theirs)
    assert merged.conflicts == ()
    assert merged.paths == ("f", "new")
    wanted = LINES.replace("3\n", "three\n", 1).replace("15\n", "fifteen\n")
    assert await workspace.read_file(merged.commit, "f") == wanted.encode()
    assert await workspace.read_file(merged.commit, "g") == b"G\n"
    other = await _merge(workspace, base, theirs, ours)
    assert other.tree == merged.tree


@pytest.mark.parametrize(
    ("one", "other"),
    [({"g": "1\n"}, {"g": "2\n"}), ({"g": None}, {"g": "2\n"}), ({"g": "2\n"}, {"g": None}), ({"n": "1"}, {"n": "2"})],
)
async def test_conflicts_are_named(workspace, base, change, one, other):
    merged = await _merge(workspace, base, await change(one), await change(other))
    assert merged.commit == merged.tree == ""
    assert merged.conflicts == tuple(one)


async def test_short_ways(workspace, base, change):
    theirs = await change({"g": "2\n"})
    forward = await _merge(workspace, base, base, theirs)
    assert forward.paths == ("g",)
    assert await workspace.changed_paths(forward.commit, theirs) == ()
    assert await _merge(workspace, base, theirs, base) == await _merge(workspace, base, theirs, theirs)
    assert (await _merge(workspace, base, theirs, theirs)).commit == theirs


async def test_advance_keeps_the_commit(workspace, places, base, change):
    tip = await change({"g": "2\n"})
    await workspace.advance("m-1", base, previous="")
    await workspace.advance("m-1", tip, previous=base)
    repo = pygit2.Repository(str(places.shadow))
    assert str(repo.references["refs/missions/m-1"].target) == tip


@pytest.mark.parametrize("mission_id", ["", "../x", "a/b", "a..b", "x.lock", "-x", "a b", "x.", "a\n"])
async def test_bad_mission_ids_are_refused(workspace, base, mission_id):
    with pytest.raises(WorkspaceError) as raised:
        await workspace.advance(mission_id, base, previous="")
    assert raised.value.code == "bad_mission_id"


async def test_read_file_of_nothing(workspace, base):
    for path in ("none", "dir", "dir/none", "f/inner", ""):
        assert await workspace.read_file(base, path) is None


async def test_an_edit_follows_a_rename(workspace, base, change):
    ours = await change({"f": None, "renamed/f": LINES})
    theirs = await change({"f": LINES.replace("15\n", "fifteen\n")})
    merged = await _merge(workspace, base, ours, theirs)
    assert merged.paths == ("renamed/f",)
    assert b"fifteen" in (await workspace.read_file(merged.commit, "renamed/f") or b"")


async def test_file_and_folder_of_one_name_conflict(workspace, base, change):
    merged = await _merge(workspace, base, await change({"n": "file"}), await change({"n/inner": "x"}))
    assert merged.commit == ""
    assert merged.conflicts


async def test_the_same_change_on_both_sides(workspace, base, change):
    ours, theirs = await change({"g": "2\n", "n": "1"}), await change({"g": "2\n", "m": "1"})
    assert (await _merge(workspace, base, ours, theirs)).paths == ("m",)


async def test_what_is_left_out_stays_as_ours_has_it(workspace, base, change):
    theirs = await change({"f": "theirs\n", "g": "theirs\n", "new": "n\n"})
    merged = await workspace.merge(base=base, ours=base, theirs=theirs, message="m", left_out={"g", "new"})
    assert merged.paths == ("f",)
    assert await workspace.read_file(merged.commit, "g") == await workspace.read_file(base, "g")
    assert await workspace.read_file(merged.commit, "new") is None
    nothing = await workspace.merge(base=base, ours=base, theirs=theirs, message="m", left_out={"f", "g", "new"})
    assert nothing.commit == base
