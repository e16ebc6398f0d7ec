"""Making what was written last on the disk, before anything is recorded that relies on it.

One sync of the whole file system costs a few milliseconds, however many objects a snapshot has written; syncing each
of them costs some milliseconds apiece, with its folder twice that.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
from typing import Any, Final

_LIBC: Final[Any] = ctypes.CDLL(None, use_errno=True)


def sync_system(path: Path | str) -> None:
    """Everything that was written on the file system that holds `path` lasts from here on. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _sync(handle)
    finally:
        os.close(handle)


def sync_path(path: Path | str) -> None:
    """One file's content, or the names in one folder, last from here on. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync(handle: int) -> None:
    if not hasattr(_LIBC, "syncfs"):
        os.sync()  # Linux alone can sync one file system.
    elif _LIBC.syncfs(handle) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
