"""One folder of the pool: made to hold exactly a tree, whatever the last task left in it.

The work is one `lstat` for each file, in the native core, plus what differs: between the two trees, and between the
folder and what it held when it was known last.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import pygit2

from orchestrator import native
from orchestrator.workspace.blob_cache import now_ns
from orchestrator.workspace.content import create_entry, entry_on_disk, git_mode
from orchestrator.workspace.descent import Descent
from orchestrator.workspace.scan import MAX_ENTRIES, RACY_NS, FileState, worktree_too_large
from orchestrator.workspace.trees import EXECUTABLE, FILE, LINK, Delta, Entry, differences, folders_of

_AT_ONCE_NS: Final = 2**63 - 1


@dataclass(slots=True)
class Products:
    """The untracked files that a setup command made in a folder; kept when the folder changes its tree."""

    key: str = ""
    files: set[str] = field(default_factory=set[str])
    folders: set[str] = field(default_factory=set[str])


@dataclass(slots=True)
class Folder:
    """What we know of a pooled folder: its tree's entries, and how every file looked when its content was certain."""

    path: str
    commit: str = ""
    tree: bytes = b""
    entries: dict[str, Entry] = field(default_factory=dict[str, Entry])
    states: native.FolderStates = field(default_factory=native.FolderStates)
    products: Products = field(default_factory=Products)

    def forget(self) -> None:
        """Trust nothing: the next switch looks at every byte."""
        self.commit, self.tree, self.entries = "", b"", {}
        self.states, self.products = native.FolderStates(), Products()

    def look(self) -> native.FolderLook:
        """What is not as it was known. Raises OSError, WorkspaceError `worktree_too_large`."""
        try:
            return self.states.look(self.path, max_entries=MAX_ENTRIES)
        except native.CoreError as error:
            raise worktree_too_large(self.path) from error

    def trust(self, states: Mapping[str, FileState]) -> None:
        """Note that files hold what they should, as long as their times are old enough to show any later change."""
        self.states.note(dict(states), now_ns() - RACY_NS)

    def keep(self, products: Products, states: Mapping[str, FileState]) -> None:
        """Note the products of a setup with their states."""
        self.products = products
        self.states.note(dict(states), _AT_ONCE_NS)


@dataclass(frozen=True, slots=True)
class Work:
    """How a folder differs from its tree: tracked paths that were edited, those that are gone, and new files."""

    edited: list[str]
    gone: list[str]
    new: set[str]


def switch(repo: pygit2.Repository, folder: Folder, commit: str, tree: bytes) -> None:
    """Make the folder hold exactly a tree (raw id), plus the setup products when all of them are untouched.

    On an error the folder is forgotten, and a later switch repairs it. Raises OSError, WorkspaceError.
    """
    was = replace(folder)
    folder.forget()
    deltas = differences(repo, was.tree or None, tree)
    seen = was.look()
    products, lost = _kept(was.products, seen, deltas)
    entries = _patched(was.entries, deltas)
    gone = frozenset(seen.gone)
    with Descent(folder.path) as descent:
        right = right_in(descent, seen, entries)
        wrong = sorted(path for path in {*seen.touched, *gone, *deltas} if path in entries and path not in right)
        left = {path for path in seen.touched if path not in right and path not in products.files}
        old = {path for path, (before, _) in deltas.items() if before and path not in gone and path not in right}
        stale = left | old | (lost - gone)
        remove(descent, stale)
        remove_hollow(descent, folders_of(dict.fromkeys(stale)).union(seen.hollow) - products.folders)
        for path in wrong:
            parent, name = descent.parent(path, is_made=True)
            right[path] = create_entry(repo, parent, name, entries[path])
    folder.commit, folder.tree, folder.entries = commit, tree, entries
    folder.states, folder.products = was.states, products
    folder.states.forget(list((stale | gone).difference(right)))
    folder.trust(right)


def _patched(entries: dict[str, Entry], deltas: Mapping[str, Delta]) -> dict[str, Entry]:
    for path, (_, after) in deltas.items():
        if after is None:
            entries.pop(path, None)
        else:
            entries[path] = after
    return entries


def _kept(products: Products, seen: native.FolderLook, deltas: Mapping[str, Delta]) -> tuple[Products, set[str]]:
    """The products when all are untouched, else none and the files that were products."""
    harmed = products.files.intersection(seen.touched) or products.files.intersection(seen.gone)
    if harmed or any(after and path in products.files for path, (_, after) in deltas.items()):
        return Products(), products.files
    return products, set()


def right_in(descent: Descent, seen: native.FolderLook, entries: Mapping[str, Entry]) -> dict[str, FileState]:
    """Touched files that hold what they should all the same."""
    right: dict[str, FileState] = {}
    for path, fields in seen.touched.items():
        entry = entries.get(path)
        state = FileState(*fields)
        if entry is not None and _holds(descent, path, state, entry):
            right[path] = state
    return right


def _holds(descent: Descent, path: str, state: FileState, entry: Entry) -> bool:
    """Whether the file at a path is, to the byte and the mode, what the tree says; it is read."""
    if not _has_mode(state, entry.mode):
        return False
    # A second hard link would let a task elsewhere change this file later.
    return state.link_count == 1 and entry_on_disk(*descent.parent(path), path) == entry


def _has_mode(state: FileState, mode: int) -> bool:
    if mode == LINK:
        return state.is_link
    return state.is_file and stat.S_IMODE(state.mode) == (0o755 if mode == EXECUTABLE else 0o644)


def remove(descent: Descent, paths: Iterable[str]) -> None:
    """Unlink files, links and special files."""
    for path in sorted(paths):
        parent, name = descent.parent(path)
        os.unlink(name, dir_fd=parent)


def remove_hollow(descent: Descent, folders: Iterable[str]) -> None:
    """Remove those of the folders in which nothing is."""
    # The deepest first; a folder that is removed must not be held open by the descent.
    for folder in sorted(folders, reverse=True):
        parent, name = descent.parent(folder)
        try:
            os.rmdir(name, dir_fd=parent)
        except OSError as error:
            if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
                raise


def work_in(descent: Descent, folder: Folder) -> Work:
    """What a task did in a folder. Setup products are no work. Raises OSError, WorkspaceError."""
    seen = folder.look()
    gone = [path for path in seen.gone if path in folder.entries]
    edited: list[str] = []
    new: set[str] = set()
    for path, fields in seen.touched.items():
        entry = folder.entries.get(path)
        mode = git_mode(fields[4])
        if entry is None:
            new.add(path)
        elif mode is None:
            gone.append(path)
        elif _differs(descent, path, mode, entry):
            edited.append(path)
    return Work(edited, gone, new - folder.products.files)


def _differs(descent: Descent, path: str, mode: int, entry: Entry) -> bool:
    if mode != entry.mode or entry.mode not in {FILE, EXECUTABLE, LINK}:
        return True
    return entry_on_disk(*descent.parent(path), path) != entry
