"""The user's own git repository, read without running any of its hooks or filters."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pygit2

from orchestrator.workspace.blob_cache import now_ns
from orchestrator.workspace.scan import FileState, file_state
from orchestrator.workspace.trees import SUBMODULE, Entry


@dataclass(frozen=True, slots=True)
class Tracked:
    """What the user's index names: files and links, submodules, and why it could not be read ("" when it could)."""

    files: frozenset[str]
    submodules: frozenset[str]
    problem: str


def is_repository(root: Path) -> bool:
    """Whether the workspace is the top level of a git repository or of one of its worktrees."""
    return (root / ".git").exists()


def open_repository(root: Path) -> pygit2.Repository | None:
    """The user's repository, None when there is none or it uses a format that can't be written here."""
    if not is_repository(root):
        return None
    try:
        return pygit2.Repository(str(root))
    except (pygit2.GitError, OSError):
        return None


def index_entries(index: pygit2.Index) -> Iterator[tuple[str, Entry]]:
    """Path and entry of everything in an index; a path in conflict comes more than once."""
    for number in range(len(index)):
        entry = index[number]
        yield os.fspath(entry.path), Entry(int(entry.mode), entry.id.raw)


class IndexReader:
    """Reads the user's index, again only when the file changed."""

    def __init__(self, root: Path) -> None:
        """Remember the workspace; nothing is read yet."""
        self._root = root
        self._seen: tuple[FileState, Tracked] | None = None

    def read(self) -> Tracked:
        """What the index names. A folder that is no repository, or has no index yet, names nothing."""
        if not is_repository(self._root):
            return Tracked(frozenset(), frozenset(), "")
        looked_ns = now_ns()
        try:
            repo = pygit2.Repository(str(self._root))
            state = _state(Path(repo.path or "") / "index")
            if self._seen is not None and self._seen[0] == state:
                return self._seen[1]
            entries = [(path, entry.mode) for path, entry in index_entries(repo.index)]
        except (pygit2.GitError, OSError, ValueError) as error:
            return Tracked(frozenset(), frozenset(), f"the git index can't be read: {error}")
        tracked = Tracked(
            frozenset(path for path, mode in entries if mode != SUBMODULE),
            frozenset(path for path, mode in entries if mode == SUBMODULE),
            "",
        )
        self._seen = (state, tracked) if state is not None and state.is_settled(looked_ns) else None
        return tracked


def _state(file: Path) -> FileState | None:
    try:
        return file_state(file.lstat())
    except FileNotFoundError:
        return None


def exclude_rules(root: Path) -> bytes:
    """The repository's `info/exclude`, b"" when there is none. At most 1 MiB is read."""
    repo = open_repository(root)
    if repo is None:
        return b""
    # In a linked worktree the file lies in the main repository's folder, named by `commondir`.
    git_folder = Path(repo.path or "")
    try:
        common = git_folder / (git_folder / "commondir").read_text().strip()
    except OSError:
        common = git_folder
    try:
        with (common / "info" / "exclude").open("rb") as file:
            return file.read(1024 * 1024)
    except OSError:
        return b""


def nested_repositories(root: str, folders: set[str]) -> set[str]:
    """Which of the folders (relative paths) are the top of a repository of their own."""
    return {folder for folder in folders if _exists(f"{root}/{folder}/.git")}


def _exists(path: str) -> bool:
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return False
    return stat.S_ISDIR(mode) or stat.S_ISREG(mode)
