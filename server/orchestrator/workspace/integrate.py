"""Merging in memory, and the refs that keep missions."""

from __future__ import annotations

import os
import re
from typing import Final

import pygit2

from orchestrator.ports.workspace import Merge, WorkspaceError
from orchestrator.workspace.shadow import tree_of, write_commit
from orchestrator.workspace.trees import differences

REF_PREFIX: Final = "refs/missions/"
_MISSION_ID: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]|\.(?!\.|lock\Z|\Z)){0,127}\Z")


def mission_ref(mission_id: str) -> str:
    """The ref of a mission. Raises WorkspaceError `bad_mission_id` when git could not name it."""
    if not _MISSION_ID.match(mission_id):
        raise WorkspaceError("bad_mission_id", f"{mission_id!r} can't be part of a git ref", "use letters and digits")
    return REF_PREFIX + mission_id


def advance(repo: pygit2.Repository, mission_id: str, commit: str) -> None:
    """Point a mission's ref at a commit."""
    name = mission_ref(mission_id)
    tree_of(repo, commit)
    repo.create_reference_direct(name, pygit2.Oid(hex=commit), True)  # noqa: FBT003 - positional only: force


def merge(repo: pygit2.Repository, base: str, ours: str, theirs: str, message: str) -> Merge:
    """Three-way merge of trees. The commit's one parent is `ours`, so that a mission's history is a line."""
    ancestor, mine, other = (tree_of(repo, commit) for commit in (base, ours, theirs))
    if other in {ancestor, mine}:
        return Merge(ours, mine.hex(), (), ())
    if ancestor == mine:
        tree = other
    else:
        index = repo.merge_trees(pygit2.Oid(raw=ancestor), pygit2.Oid(raw=mine), pygit2.Oid(raw=other))
        if conflicts := _conflicts(index):
            return Merge("", "", (), conflicts)
        tree = index.write_tree(repo).raw
    paths = tuple(sorted(differences(repo, mine, tree)))
    if not paths:
        return Merge(ours, mine.hex(), (), ())
    return Merge(write_commit(repo, tree, message, [ours]), tree.hex(), paths, ())


def _conflicts(index: pygit2.Index) -> tuple[str, ...]:
    paths: set[str] = set()
    for sides in index.conflicts or ():
        paths.update(os.fspath(side.path) for side in sides if side is not None)
    return tuple(sorted(paths))
