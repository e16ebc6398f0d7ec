"""What lies in a folder, by lstat alone: nothing is followed, nothing is read, nothing is ignored."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from orchestrator.ports.workspace import WorkspaceError

MAX_ENTRIES: Final = 1_000_000
RACY_NS: Final = 100_000_000
"""A file changed less than this before it was looked at could change again within a tick of the file system's clock."""
_FOLDER_BITS: Final = 0o755


class FileState(NamedTuple):
    """What tells that a file was touched. ctime can't be set by a program, so an edit always shows."""

    size_bytes: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    mode: int
    link_count: int

    @property
    def is_link(self) -> bool:
        """Whether it is a symbolic link."""
        return stat.S_ISLNK(self.mode)

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file."""
        return stat.S_ISREG(self.mode)

    def is_settled(self, now_ns: int) -> bool:
        """Whether a change after `now_ns` is certain to show in the times."""
        return self.ctime_ns < now_ns - RACY_NS and self.mtime_ns < now_ns - RACY_NS


def file_state(status: os.stat_result) -> FileState:
    """The state in a stat result."""
    return FileState(
        status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_mode, status.st_nlink
    )


@dataclass(slots=True)
class Found:
    """Everything below a folder: files (also links and special files) by path, and folders, parents first."""

    files: dict[str, FileState] = field(default_factory=dict[str, FileState])
    folders: list[str] = field(default_factory=list[str])


def scan(root: str) -> Found:
    """Look at everything below `root`, which belongs to us: folders get the usual permissions back (755).

    Raises WorkspaceError `worktree_too_large` beyond 1,000,000 entries.
    """
    found = Found()
    pending = [""]
    while pending:
        prefix = pending.pop()
        for name, status in _entries(f"{root}/{prefix}"):
            path = prefix + name
            if stat.S_ISDIR(status.st_mode):
                if stat.S_IMODE(status.st_mode) != _FOLDER_BITS:
                    os.chmod(f"{root}/{path}", _FOLDER_BITS)  # noqa: PTH101 - str paths keep names that are not UTF-8
                found.folders.append(path)
                pending.append(path + "/")
            else:
                found.files[path] = file_state(status)
        if len(found.files) + len(found.folders) > MAX_ENTRIES:
            raise worktree_too_large(root)
    found.folders.sort()
    return found


def worktree_too_large(root: str) -> WorkspaceError:
    """The error for a folder of ours with more entries than `MAX_ENTRIES`."""
    return WorkspaceError(
        "worktree_too_large",
        f"the worktree {root} holds more than {MAX_ENTRIES:,} files and folders",
        "a task made too many files; have it write them to a temporary folder",
    )


def _entries(folder: str) -> list[tuple[str, os.stat_result]]:
    with os.scandir(folder) as entries:
        return [(entry.name, entry.stat(follow_symlinks=False)) for entry in entries]


def scan_names(root: str) -> list[str]:
    """Relative paths of everything below a folder but folders; nothing is changed. OSError when it can't be read."""
    names: list[str] = []
    pending = [""]
    while pending:
        prefix = pending.pop()
        for name, status in _entries(f"{root}/{prefix}"):
            if stat.S_ISDIR(status.st_mode):
                pending.append(f"{prefix}{name}/")
            else:
                names.append(prefix + name)
    return names
