"""Merging in memory, and the refs that keep missions."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from typing import Final

import pygit2

from orchestrator.ports.workspace import Merge, WorkspaceError
from orchestrator.workspace.shadow import tree_of, write_commit
from orchestrator.workspace.trees import Delta, Entry, differences, overlay
from orchestrator.workspace.user_repository import index_entries

REF_PREFIX: Final = "refs/missions/"
_MISSION_ID: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]|\.(?!\.|lock\Z|\Z)){0,127}\Z")


def mission_ref(mission_id: str) -> str:
    """The ref of a mission. Raises WorkspaceError `bad_mission_id` when git could not name it."""
    if not _MISSION_ID.match(mission_id):
        raise WorkspaceError("bad_mission_id", f"{mission_id!r} can't be part of a git ref", "use letters and digits")
    return REF_PREFIX + mission_id


def advance(repo: pygit2.Repository, mission_id: str, commit: str, previous: str) -> None:
    """Move a mission's ref from `previous` ("": it does not exist yet) to a commit.

    One that stands there already stays: a server died between the ref and its event. Raises WorkspaceError `ref_moved`
    when it stands elsewhere. One server owns the repository and one queue moves the
    ref, so looking first is enough.
    """
    name = mission_ref(mission_id)
    tree_of(repo, commit)
    found = repo.references.get(name)
    current = str(found.target) if found else ""
    if current not in {previous, commit}:
        raise WorkspaceError(
            "ref_moved", f"{name} is at {current[:12] or 'nothing'}, not at {previous[:12] or 'nothing'}"
        )
    repo.create_reference_direct(name, pygit2.Oid(hex=commit), True)  # noqa: FBT003 - positional only: force


def restore_ref(repo: pygit2.Repository, mission_id: str, commit: str) -> None:
    """Put a mission's ref to this commit wherever it stands. Raises WorkspaceError `no_such_commit`."""
    tree_of(repo, commit)
    repo.create_reference_direct(mission_ref(mission_id), pygit2.Oid(hex=commit), True)  # noqa: FBT003 - force


def merge(  # noqa: PLR0917 - what makes a merge, said once
    repo: pygit2.Repository, base: str, ours: str, theirs: str, message: str, left_out: Collection[str] = ()
) -> Merge:
    """Three-way merge of trees. The commit's one parent is `ours`, so that a mission's history is a line.

    What `theirs` did to the paths in `left_out` is no part of it.
    """
    ancestor, mine, other = (tree_of(repo, commit) for commit in (base, ours, theirs))
    if other in {ancestor, mine}:
        return Merge(ours, mine.hex(), (), ())
    theirs_changes = {path: delta for path, delta in differences(repo, ancestor, other).items() if path not in left_out}
    changes: dict[str, Entry | None] = {path: new for path, (_, new) in theirs_changes.items()}
    if ancestor != mine:
        index, paths = _merge_changed(repo, differences(repo, ancestor, mine), theirs_changes)
        if conflicts := _conflicts(index):
            return Merge("", "", (), conflicts)
        changes = dict.fromkeys(paths)
        changes.update(index_entries(index))
    tree = overlay(repo, mine, changes)
    differing = tuple(sorted(differences(repo, mine, tree)))
    if not differing:
        return Merge(ours, mine.hex(), (), ())
    return Merge(write_commit(repo, tree, message, [ours]), tree.hex(), differing, ())


def _merge_changed(
    repo: pygit2.Repository, ours: dict[str, Delta], theirs: dict[str, Delta]
) -> tuple[pygit2.Index, set[str]]:
    """Merge trees that hold the paths that one side changed, and nothing else: what neither touched can't conflict.

    A rename shows as a deletion and a new file on the same side, so both its ends are among these paths.
    """
    paths = ours.keys() | theirs.keys()
    before = {path: (ours.get(path) or theirs[path])[0] for path in paths}
    mine = {path: ours[path][1] if path in ours else before[path] for path in paths}
    other = {path: theirs[path][1] if path in theirs else before[path] for path in paths}
    trees = [pygit2.Oid(raw=overlay(repo, None, side)) for side in (before, mine, other)]
    return repo.merge_trees(trees[0], trees[1], trees[2]), paths


def _conflicts(index: pygit2.Index) -> tuple[str, ...]:
    paths: set[str] = set()
    for sides in index.conflicts or ():
        paths.update(os.fspath(side.path) for side in sides if side is not None)
    return tuple(sorted(paths))
