"""The head of the chain, kept outside the database so that a cut tail shows.

It is written after each commit and synced at most a second later: the database may lead it, never trail it. The file
has two places that take turns, each with its own checksum, so that a write that a crash tears leaves the other.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import msgspec

from orchestrator.journal.codec import GENESIS
from orchestrator.journal.files import read_bounded, replace_synced
from orchestrator.ports.journal import JournalError

_PLACE_BYTES = 4096
"""A place to itself on every disk: no sector holds parts of two."""


@dataclass(frozen=True, slots=True)
class Head:
    """The last event's number and hash (32 bytes); 0 and GENESIS before the first.

    `dropped` is the digest of what retention dropped from the archive (see `segments`), "" as long as that is nothing.
    """

    seq: int = 0
    hash: bytes = GENESIS
    dropped: str = ""


class _Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    seq: int
    hash: str
    dropped: str = ""
    count: int = 0
    check: int | None = None


def head_path(journal: Path) -> Path:
    """Where the head of a journal is kept."""
    return journal.with_suffix(".head")


def load_head(path: Path) -> Head | None:
    """The newest stored head, None when there is none. Raises JournalError `journal_head_unreadable`, or OSError."""
    try:
        content = read_bounded(path, 2 * _PLACE_BYTES)
    except FileNotFoundError:
        return None
    found: list[tuple[int, Head]] = []
    problem = "it is empty"
    for start in range(0, len(content), _PLACE_BYTES):
        try:
            found.append(_read(content[start : start + _PLACE_BYTES].partition(b"\n")[0]))
        except ValueError as error:
            problem = str(error)
    if not found:
        raise JournalError("journal_head_unreadable", f"{path} holds no head: {problem}")
    return max(found, key=lambda item: item[0])[1]


class HeadFile:
    """The head's file, held open by the journal's owner."""

    def __init__(self, path: Path) -> None:
        """Nothing is opened yet."""
        self._path = path
        self._fd = -1
        self._count = 0

    def begin(self, head: Head) -> None:
        """Write the file anew with `head` in its first place, synced, and keep it open. Raises OSError."""
        self.close()
        self._count = 0
        replace_synced(self._path, _place(head, 0).ljust(2 * _PLACE_BYTES))
        self._fd = os.open(self._path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)

    def write(self, head: Head) -> None:
        """Put `head` into the place whose turn it is; `sync` makes it last. Raises OSError."""
        count = self._count + 1
        content = _place(head, count)
        if os.pwrite(self._fd, content, (count % 2) * _PLACE_BYTES) != len(content):
            raise OSError(errno.EIO, "the disk took a part of the head only")
        self._count = count

    def sync(self) -> None:
        """Make what was written last. Raises OSError."""
        os.fdatasync(self._fd)

    def close(self) -> None:
        """Let the file go; harmless when it is not open."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _place(head: Head, count: int) -> bytes:
    return b'{"seq":%d,"hash":"%b","dropped":"%b","count":%d,"check":%d}\n' % (
        head.seq,
        head.hash.hex().encode(),
        head.dropped.encode(),
        count,
        _check(head, count),
    )


def _check(head: Head, count: int) -> int:
    return crc32(b"%d %b %b %d" % (head.seq, head.hash, head.dropped.encode(), count))


def _read(text: bytes) -> tuple[int, Head]:
    stored = msgspec.json.decode(text, type=_Stored)
    head = Head(stored.seq, bytes.fromhex(stored.hash), stored.dropped)
    if head.seq < 0 or len(head.hash) != len(GENESIS):
        raise ValueError("wrong size")
    # The file of the first schema had one place and no checksum; it was replaced whole.
    if stored.check is not None and stored.check != _check(head, stored.count):
        raise ValueError("its checksum is another one")
    return stored.count, head
