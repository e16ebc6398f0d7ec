"""Sole ownership of a journal, by an operating system lock that ends with its process."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from orchestrator.journal.faults import translate
from orchestrator.ports.journal import JournalError


class JournalLock:
    """An exclusive flock on `journal.lock`, which holds the owner's process id.

    The file stays when the lock is released: removing it would let two owners lock two files of one name.
    """

    def __init__(self, path: Path) -> None:
        """`path` is the lock file; nothing is opened yet."""
        self._path = path
        self._fd = -1

    def acquire(self) -> None:
        """Take the lock without waiting. Raises JournalError `journal_locked` or `journal_unwritable`."""
        try:
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise translate(error, self._path, "lock") from error
        try:
            self._take(fd)
        except BaseException:
            os.close(fd)
            raise
        self._fd = fd

    def release(self) -> None:
        """Give the lock back; harmless when it is not held."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _take(self, fd: int) -> None:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = os.pread(fd, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise JournalError(
                "journal_locked",
                f"another server (process {owner}) owns the journal {self._path}",
                f"use that server, or end process {owner} first",
            ) from error
        except OSError as error:
            raise translate(error, self._path, "lock") from error
        try:
            os.ftruncate(fd, 0)
            os.pwrite(fd, f"{os.getpid()}\n".encode("ascii"), 0)
        except OSError as error:
            raise translate(error, self._path, "lock") from error
