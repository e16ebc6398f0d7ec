"""Delivery as a branch of the user's repository. HEAD, index and checkout stay as they are."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pygit2
from pygit2.enums import Option

from orchestrator.workspace.lasting import sync_system
from orchestrator.workspace.shadow import signature
from orchestrator.workspace.trees import LINK, SUBMODULE, Delta, Entry, flatten, overlay
from orchestrator.workspace.user_repository import index_entries

_MAX_SUFFIX: Final = 99


class BranchRefusedError(Exception):
    """The repository can't take the branch; the message says why."""


@dataclass(slots=True)
class _User:
    """The user's repository, and what its HEAD and index say."""

    repo: pygit2.Repository
    root: Path
    head: pygit2.Commit | None
    entries: dict[str, Entry]


def to_branch(
    shadow: pygit2.Repository, root: Path, *, mission_id: str, base: bytes, changes: Mapping[str, Delta], title: str
) -> str:
    """Commit the changes on top of HEAD, the user's uncommitted work in a commit of its own; the branch's name.

    `base` is the raw id of the snapshot's tree. Raises BranchRefusedError; objects without a branch may stay then.
    """
    try:
        # As git itself does: no power cut leaves an object or a ref in the user's repository that is not whole, which
        # git would take for written and never write again.
        pygit2.option(Option.ENABLE_FSYNC_GITDIR, True)  # noqa: FBT003 - positional only
        repo = pygit2.Repository(str(root))
        head = None if repo.head_is_unborn else repo.head.peel(pygit2.Commit)
        user = _User(repo, root, head, flatten(repo, head.tree_id.raw) if head else {})
        tree = head.tree_id.raw if head else None
        parents = [head.id] if head else []
        before = flatten(shadow, base)
        pending, converted = _work_in_progress(shadow, user, before)
        if pending:
            tree = _put(shadow, user, tree, pending)
            parents = [_commit(repo, tree, f"Work in progress before mission {mission_id}\n", parents)]
        results = {path: new for path, (_, new) in changes.items()}
        tree = _put(shadow, user, tree, results, converted)
        name = _point(repo, mission_id, _commit(repo, tree, title.rstrip("\n") + "\n", parents))
        sync_system(repo.path)
    except (pygit2.GitError, OSError, KeyError, ValueError) as error:
        raise BranchRefusedError(str(error)) from error
    else:
        return name
    finally:
        pygit2.option(Option.ENABLE_FSYNC_GITDIR, False)  # noqa: FBT003 - as above


def _work_in_progress(
    shadow: pygit2.Repository, user: _User, base: dict[str, Entry]
) -> tuple[dict[str, Entry | None], set[str]]:
    """What the snapshot holds beyond HEAD, and the paths that differ from HEAD in line endings only."""
    differing = [path for path in user.entries.keys() | base.keys() if user.entries.get(path) != base.get(path)]
    untouched = _untouched(user) if differing else set[str]()
    is_sparse = _is_sparse(user.repo)
    pending: dict[str, Entry | None] = {}
    converted: set[str] = set()
    for path in differing:
        old, new = user.entries.get(path), base.get(path)
        if new is None and (is_sparse or _is_there(user.root, path, old)):
            continue  # Left out of the snapshot, not deleted.
        if old and new and old.mode == new.mode and path in untouched:
            # Git calls it unmodified: only a filter of the user (line endings, LFS) tells the file from the blob.
            if _data(user.repo, old) == _data(shadow, new).replace(b"\r\n", b"\n"):
                converted.add(path)
            continue
        pending[path] = new
    return pending, converted


def _untouched(user: _User) -> set[str]:
    index = user.repo.index
    same = {path for path, entry in index_entries(index) if user.entries.get(path) == entry}
    for delta in index.diff_to_workdir().deltas:
        same.discard(delta.old_file.path)
    return same


def _is_sparse(repo: pygit2.Repository) -> bool:
    try:
        return repo.config.get_bool("core.sparseCheckout")
    except (KeyError, ValueError):
        return False


def _is_there(root: Path, path: str, entry: Entry | None) -> bool:
    return (entry is not None and entry.mode == SUBMODULE) or os.path.lexists(root / path)


def _put(
    shadow: pygit2.Repository,
    user: _User,
    tree: bytes | None,
    changes: Mapping[str, Entry | None],
    converted: set[str] | frozenset[str] = frozenset(),
) -> bytes:
    copied = {path: entry and _copy(shadow, user.repo, entry, path in converted) for path, entry in changes.items()}
    return overlay(user.repo, tree, copied)


def _copy(shadow: pygit2.Repository, repo: pygit2.Repository, entry: Entry, is_converted: bool) -> Entry:  # noqa: FBT001 - internal
    if is_converted and entry.mode != LINK:
        return Entry(entry.mode, repo.create_blob(_data(shadow, entry).replace(b"\r\n", b"\n")).raw)
    if pygit2.Oid(raw=entry.oid) not in repo.odb:
        repo.create_blob(_data(shadow, entry))
    return entry


def _data(repo: pygit2.Repository, entry: Entry) -> bytes:
    return repo.odb.read(pygit2.Oid(raw=entry.oid))[1]


def _commit(repo: pygit2.Repository, tree: bytes, message: str, parents: list[pygit2.Oid]) -> pygit2.Oid:
    author = signature(int(time.time()))
    return repo.create_commit(None, author, author, message, pygit2.Oid(raw=tree), parents)


def _point(repo: pygit2.Repository, mission_id: str, commit: pygit2.Oid) -> str:
    problem = f"{_MAX_SUFFIX} branches named orchestrator/{mission_id} exist"
    for number in range(1, _MAX_SUFFIX + 1):
        name = f"orchestrator/{mission_id}" + (f"-{number}" if number > 1 else "")
        try:
            repo.create_reference_direct(f"refs/heads/{name}", commit, False)  # noqa: FBT003 - positional only: force
        except pygit2.AlreadyExistsError:
            continue
        except OSError as error:  # A lock that a process left which died: the repository is the user's, so is the lock.
            problem = str(error)
            continue
        return name
    raise BranchRefusedError(problem)
