"""What a setup command makes in a worktree: noted as products, told apart from what a task did there."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass

import pygit2

from orchestrator.workspace.content import create_entry
from orchestrator.workspace.descent import Descent
from orchestrator.workspace.folder import Folder, Products, remove, right_in
from orchestrator.workspace.scan import Found, scan


@dataclass(frozen=True, slots=True)
class Before:
    """A worktree just before its setup ran; `pristine` are the tracked files that held what the tree says."""

    found: Found
    pristine: frozenset[str]


def before_setup(folder: Folder) -> Before:
    """Take the products of an earlier setup away, look at the rest. What a task changed stays."""
    old, folder.products = folder.products, Products()
    seen = folder.look()
    with Descent(folder.path) as descent:
        remove(descent, old.files.difference(seen.gone))
        folder.states.forget(list(old.files))
        for path in sorted(old.folders, reverse=True):
            with suppress(OSError):  # A task's own files are still in it, or the task removed it.
                parent, name = descent.parent(path)
                os.rmdir(name, dir_fd=parent)
        right = right_in(descent, seen, folder.entries)
    wrong = {*seen.touched, *seen.gone}.difference(right)
    return Before(scan(folder.path), frozenset(folder.entries.keys() - wrong))


def after_setup(repo: pygit2.Repository, folder: Folder, key: str, before: Before) -> None:
    """Note the untracked files that the setup made or changed as products; put back tracked files that it changed."""
    found = scan(folder.path)
    with Descent(folder.path) as descent:
        for path in sorted(before.pristine):
            if found.files.get(path) != before.found.files[path]:
                remove(descent, [path] if path in found.files else ())
                parent, name = descent.parent(path, is_made=True)
                create_entry(repo, parent, name, folder.entries[path])
    known = before.found.files
    files = {p: state for p, state in found.files.items() if p not in folder.entries and known.get(p) != state}
    folder.keep(Products(key, set(files), set(found.folders).difference(before.found.folders)), files)
