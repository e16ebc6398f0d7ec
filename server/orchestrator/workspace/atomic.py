"""Putting a file in place in one step, and finding out what was there before."""

from __future__ import annotations

import ctypes
import errno
import os
import secrets
from typing import Final

_NO_REPLACE: Final = 1
_EXCHANGE: Final = 2
_UNSUPPORTED: Final = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})
_LIBC: Final = ctypes.CDLL(None, use_errno=True)
TEMP_PREFIX: Final = ".orchestrator-"


def temp_name(token: str = "") -> str:
    """A new name for a temporary file in the folder of its destination; `token` tells whose it is."""
    return f"{TEMP_PREFIX}{token}{secrets.token_hex(8)}.tmp"


def write_new(
    folder: int, name: str, data: bytes, mode: int = 0o666, *, is_exact: bool = False, is_synced: bool = False
) -> None:
    """Create a file in an open folder; FileExistsError when anything is there. A partial file is removed.

    `mode` goes through the umask unless `is_exact`. With `is_synced` the content is on the disk afterwards.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(name, flags, mode, dir_fd=folder)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest) :]
        if is_exact:
            os.fchmod(handle, mode)
        if is_synced:
            os.fsync(handle)
    except BaseException:
        os.unlink(name, dir_fd=folder)
        raise
    finally:
        os.close(handle)


def exchange(folder: int, one: str, other: str) -> bool:
    """Swap two existing entries of a folder in one step; False where the file system can't."""
    return _rename(folder, one, other, _EXCHANGE)


def move_new(folder: int, source: str, target: str) -> None:
    """Rename without ever replacing; FileExistsError when the target exists."""
    if _rename(folder, source, target, _NO_REPLACE):
        return
    os.link(source, target, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    os.unlink(source, dir_fd=folder)


def _rename(folder: int, source: str, target: str, flags: int) -> bool:
    done = _LIBC.renameat2(folder, os.fsencode(source), folder, os.fsencode(target), flags)
    if done == 0:
        return True
    code = ctypes.get_errno()
    if code in _UNSUPPORTED:
        return False
    raise OSError(code, os.strerror(code), target)
