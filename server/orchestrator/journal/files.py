"""Files beside the database: read with a bound, replaced whole, synced with their folder.

Each is one plain call of the operating system after the other, so that a test can put a failing disk below them.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_CHUNK_BYTES = 1 << 20


def read_bounded(path: Path, max_bytes: int) -> bytes:
    """The first `max_bytes` of a file; a symlink is not followed. Raises OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        parts: list[bytes] = []
        left = max_bytes
        while left and (part := os.read(fd, min(left, _CHUNK_BYTES))):
            parts.append(part)
            left -= len(part)
    finally:
        os.close(fd)
    return b"".join(parts)


def write_all(fd: int, content: bytes) -> None:
    """Write every byte; a disk may take a part only. Raises OSError."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(fd, rest) :]


def replace_synced(path: Path, content: bytes) -> None:
    """Replace a file so that after a crash it is the old or the new one, whole.

    Raises OSError; then, too, it is one of them, and no stray stays.
    """
    fresh = path.with_name(path.name + ".new")
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        try:
            write_all(fd, content)
            os.fsync(fd)
        finally:
            os.close(fd)
        fresh.replace(path)
    except OSError:
        with suppress(OSError):
            fresh.unlink()
        raise
    sync_folder(path.parent)


def make_folder(path: Path) -> None:
    """Make a folder for its owner alone, with those above it, so that they last; one that exists is left as it is.

    Raises OSError.
    """
    if path.is_dir():
        return
    make_folder(path.parent)
    with suppress(FileExistsError):
        path.mkdir(0o700)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make the names in a folder last. Raises OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
