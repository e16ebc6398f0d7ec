"""One folder of the pool: made to hold exactly a tree, whatever the last task left in it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field

import pygit2

from orchestrator.workspace.blob_cache import now_ns
from orchestrator.workspace.content import create_entry, entry_on_disk, git_mode
from orchestrator.workspace.descent import Descent
from orchestrator.workspace.scan import FileState, Found, scan
from orchestrator.workspace.trees import EXECUTABLE, FILE, LINK, Entry, flatten, folders_of


@dataclass(slots=True)
class Products:
    """The untracked files that a setup command made in a folder; kept when the folder changes its tree."""

    key: str = ""
    files: dict[str, FileState] = field(default_factory=dict[str, FileState])
    folders: set[str] = field(default_factory=set[str])


@dataclass(slots=True)
class Folder:
    """What we know of a pooled folder. `known` holds files whose content is certain while their state stays."""

    path: str
    commit: str = ""
    tree: bytes = b""
    entries: dict[str, Entry] = field(default_factory=dict[str, Entry])
    known: dict[str, tuple[FileState, Entry]] = field(default_factory=dict[str, tuple[FileState, Entry]])
    products: Products = field(default_factory=Products)

    def forget(self) -> None:
        """Trust nothing: the next switch looks at every byte."""
        self.commit, self.tree = "", b""
        self.entries, self.known, self.products = {}, {}, Products()


def switch(repo: pygit2.Repository, folder: Folder, commit: str, tree: bytes) -> None:
    """Make the folder hold exactly a tree (raw id), plus the setup products when all of them are untouched.

    On an error the folder is forgotten, and a later switch repairs it. Raises OSError, WorkspaceError.
    """
    entries = folder.entries if folder.tree == tree else flatten(repo, tree)
    known, products = folder.known, folder.products
    folder.forget()
    found = scan(folder.path)
    if not _are_intact(products, found, entries):
        products = Products()
    with Descent(folder.path) as descent:
        wrong = [path for path, entry in entries.items() if not holds(descent, found, known, path, entry)]
        missing = frozenset(wrong)
        stale = (p for p in found.files if p in missing or (p not in entries and p not in products.files))
        remove(descent, stale)
        remove_folders(descent, found.folders, folders_of(entries) | products.folders)
        states = {path: found.files[path] for path in entries if path not in missing}
        for path in wrong:
            parent, name = descent.parent(path, is_made=True)
            states[path] = create_entry(repo, parent, name, entries[path])
    folder.commit, folder.tree, folder.entries, folder.products = commit, tree, entries, products
    remember(folder, states)


def remember(folder: Folder, states: dict[str, FileState]) -> None:
    """Note that these files hold what the tree says, where their times are old enough to show any later change."""
    looked_ns = now_ns()
    entries = folder.entries
    folder.known = {path: (state, entries[path]) for path, state in states.items() if state.is_settled(looked_ns)}


def _are_intact(products: Products, found: Found, entries: dict[str, Entry]) -> bool:
    return all(path not in entries and found.files.get(path) == state for path, state in products.files.items())


def holds(descent: Descent, found: Found, known: dict[str, tuple[FileState, Entry]], path: str, entry: Entry) -> bool:
    """Whether the file at a path is, to the byte and the mode, what the tree says."""
    state = found.files.get(path)
    if state is None or not _has_mode(state, entry.mode):
        return False
    before = known.get(path)
    if before is not None and before[0] == state:
        return before[1] == entry
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


def remove_folders(descent: Descent, folders: list[str], wanted: set[str]) -> None:
    """Remove empty folders (parents first in the list) but those that are wanted."""
    # The deepest first; a folder that is left must not be held open by the descent when it goes.
    for folder in reversed(folders):
        if folder not in wanted:
            parent, name = descent.parent(folder)
            os.rmdir(name, dir_fd=parent)


def changed_entries(descent: Descent, folder: Folder, found: Found) -> tuple[list[str], list[str]]:
    """Tracked paths whose file differs from the folder's tree, and those that are gone."""
    touched: list[str] = []
    gone: list[str] = []
    for path, entry in folder.entries.items():
        state = found.files.get(path)
        if state is None or git_mode(state.mode) is None:
            gone.append(path)
        elif folder.known.get(path) != (state, entry) and _differs(descent, path, state, entry):
            touched.append(path)
    return touched, gone


def _differs(descent: Descent, path: str, state: FileState, entry: Entry) -> bool:
    if git_mode(state.mode) not in {entry.mode, None} or entry.mode not in {FILE, EXECUTABLE, LINK}:
        return True
    return entry_on_disk(*descent.parent(path), path) != entry
