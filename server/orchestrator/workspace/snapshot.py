"""The user's tree as a commit: exact bytes, uncommitted work included, nothing written in the workspace."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pygit2

from orchestrator import native
from orchestrator.config.places import SERVER_FILES, Places
from orchestrator.domain.plan import is_scratch
from orchestrator.ports.workspace import Snapshot, WorkspaceError
from orchestrator.workspace import user_repository
from orchestrator.workspace.blob_cache import BlobCache, now_ns
from orchestrator.workspace.content import MAX_FILE_BYTES, git_mode, read_entry
from orchestrator.workspace.descent import Descent
from orchestrator.workspace.leavings import is_cache
from orchestrator.workspace.names import has_git_name
from orchestrator.workspace.scan import FileState, file_state
from orchestrator.workspace.shadow import Shadow, write_commit
from orchestrator.workspace.trees import Entry, folders_of, overlay

MAX_FILES: Final = 200_000
MAX_TOTAL_BYTES: Final = 4 * 1024**3
MAX_NAMED: Final = 1_000
"""How many left-out paths are named; a last entry says how many more there are."""


@dataclass(slots=True)
class _Take:
    """A snapshot in the making."""

    repo: pygit2.Repository
    descent: Descent
    seen: dict[str, tuple[FileState, Entry]] = field(default_factory=dict[str, tuple[FileState, Entry]])
    left_out: dict[str, str] = field(default_factory=dict[str, str])
    total_bytes: int = 0

    def keep(self, path: str, state: FileState, entry: Entry) -> None:
        """Put an entry into the snapshot."""
        self.seen[path] = (state, entry)
        self.total_bytes += state.size_bytes


class Snapshots:
    """Takes snapshots of one workspace. One at a time; the second of an unchanged tree reads no file."""

    def __init__(self, places: Places, shadow: Shadow) -> None:
        """Remember places; load the cache of blobs."""
        self._root = places.root
        self._shadow = shadow
        self._cache = BlobCache(places.shadow)
        self._lock = threading.Lock()
        self._index = user_repository.IndexReader(places.root)
        self._last_tree: bytes | None = None
        self._last_entries: dict[str, Entry] = {}
        self._exclude = _inside(places.root, places.state)

    def take(self, max_files: int = MAX_FILES, max_bytes: int = MAX_TOTAL_BYTES) -> Snapshot:
        """Blocking. Raises WorkspaceError `workspace_too_large`, `workspace_unreadable`."""
        with self._lock, self._shadow.use() as repo:
            started_ns = now_ns()
            try:
                with Descent(str(self._root)) as descent:
                    take = _Take(repo, descent)
                    self._read_all(take, max_files, max_bytes)
            except OSError as error:
                raise unreadable(self._root, error) from error
            self._keep_exclude_rules()
            tree = self._tree(repo, {path: entry for path, (_, entry) in take.seen.items()})
            commit = write_commit(repo, tree, "Snapshot of the workspace\n", ())
            self._shadow.sync()
            self._cache.replace(take.seen, started_ns)
        return Snapshot(commit, tree.hex(), len(take.seen), _named(take.left_out))

    @contextmanager
    def held(self) -> Generator[tuple[bytes | None, set[bytes]]]:
        """No snapshot is taken meanwhile. Gives the last one's tree, and the blobs that the next may name unread."""
        with self._lock:
            yield self._last_tree, self._cache.blobs()

    def _read_all(self, take: _Take, max_files: int, max_bytes: int) -> None:
        paths = self._paths(take, max_files)
        for path in paths:
            self._read(take, path)
            if take.total_bytes > max_bytes:
                raise too_large(f"more than {max_bytes / 1024**3:.0f} GiB of files")

    def _paths(self, take: _Take, max_files: int) -> list[str]:
        """What belongs in the snapshot: walked files, and tracked ones that ignore rules hide."""
        try:
            report = native.walk(str(self._root), exclude=self._exclude, max_files=max_files + 1)
        except native.CoreError as error:
            raise unreadable(self._root, error) from error
        if report.is_truncated or len(report.files) > max_files:
            raise too_large(f"more than {max_files:,} files")
        take.left_out.update({skip.path: skip.reason for skip in report.skipped})
        tracked = self._index.read()
        if tracked.problem:
            take.left_out[".git/index"] = tracked.problem
        walked = [file.path for file in report.files if not is_cache(file.path)]
        paths = [*walked, *sorted(tracked.files.difference(walked))]
        nested = user_repository.nested_repositories(str(self._root), folders_of(dict.fromkeys(paths)))
        take.left_out.update(dict.fromkeys(nested, "nested repository"))
        take.left_out.update(dict.fromkeys(tracked.submodules, "submodule"))
        closed = nested | tracked.submodules
        return [path for path in paths if self._belongs(path, closed)]

    def _belongs(self, path: str, closed: set[str] | frozenset[str]) -> bool:
        if (
            path in SERVER_FILES
            or is_scratch(path)
            or any(path == e or path.startswith(e + "/") for e in self._exclude)
        ):
            return False
        return not closed or closed.isdisjoint({path, *folders_of({path: None})})

    def _read(self, take: _Take, path: str) -> None:
        try:
            folder, name = take.descent.parent(path)
            state = file_state(os.stat(name, dir_fd=folder, follow_symlinks=False))
            entry = self._cache.lookup(take.repo, path, state)
            if entry is not None:
                take.keep(path, state, entry)
            elif reason := _reason_to_leave_out(path, state):
                take.left_out[ascii(path) if "utf-8" in reason else path] = reason
            elif git_mode(state.mode) is not None:  # A tracked path can be a folder by now; its files are walked.
                mode, data, state = read_entry(folder, name, path)
                take.keep(path, state, Entry(mode, take.repo.create_blob(data).raw))
        except (FileNotFoundError, NotADirectoryError):
            return  # Removed since the walk, or tracked and deleted by the user.
        except WorkspaceError as error:
            if error.code != "outside_workspace":  # A tracked path below what is a symlink now: deleted by the user.
                take.left_out[path] = error.message
        except OSError as error:
            take.left_out[path] = f"unreadable: {error.strerror}"

    def _tree(self, repo: pygit2.Repository, entries: dict[str, Entry]) -> bytes:
        """The tree of these entries, from the last snapshot's: only folders in which something differs are written."""
        last = self._last_entries
        changes: dict[str, Entry | None] = dict.fromkeys(path for path in last if path not in entries)
        changes.update((path, entry) for path, entry in entries.items() if last.get(path) != entry)
        if changes or self._last_tree is None:
            self._last_tree = overlay(repo, self._last_tree, changes)
            self._last_entries = entries
        return self._last_tree

    def _keep_exclude_rules(self) -> None:
        """The user's `info/exclude` also decides what a task's commit leaves out (see `commit`)."""
        rules = user_repository.exclude_rules(self._root)
        target = self._shadow.path / "info" / "exclude"
        target.parent.mkdir(exist_ok=True)
        if not target.exists() or target.read_bytes() != rules:
            target.write_bytes(rules)


def _inside(root: Path, folder: Path) -> list[str]:
    real = Path(os.path.realpath(folder))
    return [real.relative_to(root).as_posix()] if real != root and real.is_relative_to(root) else []


def _reason_to_leave_out(path: str, state: FileState) -> str:
    """Why a file that was not read yet stays out of the snapshot, "" when it does not."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return "file name is not utf-8"
    if has_git_name(path):
        return "a spelling of .git"
    if state.is_file and state.size_bytes > MAX_FILE_BYTES:
        return f"larger than {MAX_FILE_BYTES // 1024**2} MiB"
    return ""


def _named(left_out: dict[str, str]) -> tuple[str, ...]:
    named = [f"{path}: {reason}" for path, reason in sorted(left_out.items())]
    if len(named) > MAX_NAMED:
        named[MAX_NAMED:] = [f"… and {len(named) - MAX_NAMED:,} more"]
    return tuple(named)


def too_large(what: str) -> WorkspaceError:
    """The error for a workspace beyond the caps."""
    return WorkspaceError(
        "workspace_too_large",
        f"the workspace holds {what}",
        "ignore generated and downloaded files in .gitignore, or start in a smaller folder",
    )


def unreadable(root: Path, error: Exception) -> WorkspaceError:
    """The error for a workspace that can't be listed."""
    return WorkspaceError(
        "workspace_unreadable", f"{root} can't be read: {error}", "check the folder's permissions and that it exists"
    )
