"""The head of the chain, kept outside the database so that a cut tail shows.

It is replaced after each commit: the database may lead it by the events of one commit, never trail it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import msgspec

from orchestrator.journal.codec import GENESIS
from orchestrator.ports.journal import JournalError

_MAX_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Head:
    """The last event's number and hash (32 bytes); 0 and GENESIS before the first."""

    seq: int = 0
    hash: bytes = GENESIS


class _Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    seq: int
    hash: str


def head_path(journal: Path) -> Path:
    """Where the head of a journal is kept."""
    return journal.with_suffix(".head")


def load_head(path: Path) -> Head | None:
    """The stored head, None when there is none. Raises JournalError `journal_head_unreadable`, or OSError."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    try:
        text = os.read(fd, _MAX_BYTES)
    finally:
        os.close(fd)
    try:
        stored = msgspec.json.decode(text, type=_Stored)
        head = Head(stored.seq, bytes.fromhex(stored.hash))
    except ValueError as error:
        raise JournalError("journal_head_unreadable", f"{path} holds no head: {error}") from error
    if head.seq < 0 or len(head.hash) != len(GENESIS):
        raise JournalError("journal_head_unreadable", f"{path} holds no head: wrong size")
    return head


def store_head(path: Path, head: Head, *, is_synced: bool = False) -> None:
    """Replace the head atomically. Raises OSError.

    Only the last one of a run is synced: the database is synced already, so an older head after a power loss is still
    a true one, and a sync per commit would halve the speed.
    """
    fresh = path.with_name(path.name + ".new")
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        os.write(fd, b'{"seq":%d,"hash":"%b"}\n' % (head.seq, head.hash.hex().encode("ascii")))
        if is_synced:
            os.fsync(fd)
    finally:
        os.close(fd)
    fresh.replace(path)
