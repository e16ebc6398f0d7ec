"""Files on disk as tree entries, and tree entries as files on disk."""

from __future__ import annotations

import os
import stat
from typing import Final

import pygit2

from orchestrator.ports.workspace import WorkspaceError
from orchestrator.workspace.atomic import write_new
from orchestrator.workspace.scan import FileState, file_state
from orchestrator.workspace.trees import EXECUTABLE, FILE, LINK, Entry

MAX_FILE_BYTES: Final = 100 * 1024 * 1024
_OWNER_EXECUTES: Final = 0o100


def git_mode(mode: int) -> int | None:
    """The git file mode for an st_mode; None for what git can't hold (sockets, FIFOs, devices)."""
    if stat.S_ISLNK(mode):
        return LINK
    if stat.S_ISREG(mode):
        return EXECUTABLE if mode & _OWNER_EXECUTES else FILE
    return None


def read_entry(folder: int, name: str, path: str, max_bytes: int = MAX_FILE_BYTES) -> tuple[int, bytes, FileState]:
    """Git mode, content and state of an entry of an open folder, all of the same file; a link is not followed.

    Raises OSError, and WorkspaceError `not_a_file` or `file_too_large`.
    """
    status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if stat.S_ISLNK(status.st_mode):
        return LINK, os.fsencode(os.readlink(name, dir_fd=folder)), file_state(status)
    handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    with os.fdopen(handle, "rb", buffering=0) as file:
        status = os.fstat(handle)
        mode = git_mode(status.st_mode)
        if mode is None:
            raise WorkspaceError("not_a_file", f"{path!r} is not a regular file", "remove it or ignore it")
        data = _read(file.fileno(), status.st_size, max_bytes)
    if len(data) > max_bytes:
        message = f"{path!r} is larger than {max_bytes // (1024 * 1024)} MiB"
        raise WorkspaceError("file_too_large", message, "keep it out of the workspace, or ignore it in .gitignore")
    return mode, data, file_state(status)


def _read(handle: int, expected: int, max_bytes: int) -> bytes:
    pieces: list[bytes] = []
    total = 0
    while total <= max_bytes and (piece := os.read(handle, max(1, min(expected + 1, max_bytes + 1 - total)))):
        pieces.append(piece)
        total += len(piece)
    return b"".join(pieces)


def entry_on_disk(folder: int, name: str, path: str) -> Entry:
    """What an entry of an open folder would be in a tree; nothing is stored. Errors as for `read_entry`."""
    mode, data, _ = read_entry(folder, name, path)
    return Entry(mode, pygit2.hash(data).raw)


def create_entry(repo: pygit2.Repository, folder: int, name: str, entry: Entry) -> FileState:
    """Write a tree's entry as a new file (644 or 755, whatever the umask) or link. Raises FileExistsError."""
    data = repo.odb.read(pygit2.Oid(raw=entry.oid))[1]
    if entry.mode == LINK:
        os.symlink(os.fsdecode(data), name, dir_fd=folder)
    else:
        bits = 0o755 if entry.mode == EXECUTABLE else 0o644
        write_new(folder, name, data, bits, is_exact=True)
    return file_state(os.stat(name, dir_fd=folder, follow_symlinks=False))
