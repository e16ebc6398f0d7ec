"""What SQLite and the operating system report, as journal errors with stable codes."""

from __future__ import annotations

import errno
from pathlib import Path

import apsw

from orchestrator.ports.journal import JournalError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_CORRUPT = (apsw.CorruptError, apsw.NotADBError, apsw.FormatError)
FAULTS = (apsw.Error, OSError)
"""What a journal operation may raise before translation."""


def translate(error: Exception, path: Path, doing: str) -> JournalError:
    """The JournalError for a failed operation: `disk_full`, `journal_corrupt` or `journal_unwritable`.

    `doing` completes "can't … the journal", such as "write" or "open".
    """
    if isinstance(error, apsw.FullError) or (isinstance(error, OSError) and error.errno in _FULL):
        return JournalError("disk_full", f"can't {doing} the journal {path}: the disk is full", "free some space")
    if isinstance(error, _CORRUPT):
        return corrupt(path, str(error))
    if isinstance(error, apsw.BusyError):
        hint = "end the program that writes to it; only the server may"
        return JournalError("journal_unwritable", f"can't {doing} the journal {path}: another program holds it", hint)
    detail = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    hint = "check that the state directory exists, is writable and its disk is healthy"
    return JournalError("journal_unwritable", f"can't {doing} the journal {path}: {detail}", hint)


def corrupt(path: Path, problem: str) -> JournalError:
    """`journal_corrupt` with the way out."""
    hint = f"run `orchestrator audit` to see what is left; to begin anew, move {path.parent} away"
    return JournalError("journal_corrupt", f"the journal {path} is damaged: {problem}", hint)
