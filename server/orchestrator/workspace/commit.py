"""What a task changed in its worktree, as a commit."""

from __future__ import annotations

import os
from typing import Final

import pygit2

from orchestrator import native
from orchestrator.config.places import SERVER_FILES
from orchestrator.domain.plan import is_scratch
from orchestrator.ports.workspace import Change, WorkspaceError, Worktree
from orchestrator.workspace.confine import leads_inside
from orchestrator.workspace.content import read_entry
from orchestrator.workspace.descent import Descent
from orchestrator.workspace.folder import Folder, work_in
from orchestrator.workspace.leavings import is_cache
from orchestrator.workspace.names import has_git_name
from orchestrator.workspace.shadow import write_commit
from orchestrator.workspace.trees import LINK, Entry, overlay

MAX_NEW_FILES: Final = 100_000


def commit_folder(repo: pygit2.Repository, folder: Folder, worktree: Worktree, message: str) -> Change:
    """Commit what differs from the folder's commit; the same commit again when nothing does.

    Left out: new files that `.gitignore` or the user's `info/exclude` name, setup products, and caches of tools. Raises
    WorkspaceError `symlink_leads_out`, `file_too_large`, `too_many_files`, `worktree_unreadable`.
    """
    try:
        with Descent(folder.path) as descent:
            work = work_in(descent, folder)
            changes: dict[str, Entry | None] = dict.fromkeys(work.gone)
            for path in [*work.edited, *_new_files(repo, folder, work.new)]:
                entry = _store(repo, descent, folder.path, path)
                if entry != folder.entries.get(path):
                    changes[path] = entry
    except OSError as error:
        raise WorkspaceError(
            "worktree_unreadable", f"the worktree {folder.path} can't be read: {error}", "try the attempt again"
        ) from error
    if not changes:
        return Change(worktree.commit, worktree.tree, ())
    tree = overlay(repo, folder.tree, changes)
    return Change(write_commit(repo, tree, message, [worktree.commit]), tree.hex(), tuple(sorted(changes)))


def _new_files(repo: pygit2.Repository, folder: Folder, new: set[str]) -> list[str]:
    if not new:
        return []
    report = native.walk(folder.path)
    visible = [file.path for file in report.files if file.path in new]
    new_files = [path for path in visible if not _is_left_out(repo, path)]
    if report.is_truncated or len(new_files) > MAX_NEW_FILES:
        raise WorkspaceError(
            "too_many_files", f"the task made more than {MAX_NEW_FILES:,} files", "ignore what tools generate"
        )
    return new_files


def _is_left_out(repo: pygit2.Repository, path: str) -> bool:
    if path in SERVER_FILES or is_scratch(path) or has_git_name(path) or is_cache(path):
        return True
    return repo.path_is_ignored(path)  # the shadow repository carries the user's info/exclude, and no other rule


def _store(repo: pygit2.Repository, descent: Descent, root: str, path: str) -> Entry:
    folder, name = descent.parent(path)
    mode, data, _ = read_entry(folder, name, path)
    if mode == LINK:
        _check_link(root, path, os.fsdecode(data))
    return Entry(mode, repo.create_blob(data).raw)


def _check_link(root: str, path: str, target: str) -> None:
    """A link must stay inside wherever the tree is put: relative, and below the root both as text and as followed."""
    lexical = os.path.normpath(os.path.join(os.path.dirname(path), target))  # noqa: PTH118, PTH120 - text, not a file
    is_outside = target.startswith("/") or lexical == ".." or lexical.startswith("../")
    if is_outside or not leads_inside(root, f"{root}/{path}"):
        raise WorkspaceError(
            "symlink_leads_out",
            f"{path!r} is a symlink to {target!r}, which is outside the workspace",
            "make it point to a relative path inside the workspace",
        )
