"""What the last snapshot read, so that the next one reads only what was touched since."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

import msgspec
import pygit2

from orchestrator.workspace.atomic import temp_name
from orchestrator.workspace.scan import FileState
from orchestrator.workspace.trees import Entry

_NAME: Final = "orchestrator-blobs"


class BlobCache:
    """From path and file state to tree entry. Kept in the shadow repository, whose blobs it speaks of."""

    def __init__(self, shadow: Path) -> None:
        """Load what an earlier process kept; a damaged file counts as empty."""
        self._file = shadow / _NAME
        self._known: dict[str, tuple[FileState, Entry]] = {}
        self._is_trusted = True
        try:
            self._known = msgspec.msgpack.decode(self._file.read_bytes(), type=dict[str, tuple[FileState, Entry]])
            self._is_trusted = False
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            self._known = {}

    def lookup(self, repo: pygit2.Repository, path: str, state: FileState) -> Entry | None:
        """The entry of an untouched file, None when it has to be read."""
        known = self._known.get(path)
        if known is None or known[0] != state:
            return None
        if not self._is_trusted and pygit2.Oid(raw=known[1].oid) not in repo.odb:
            return None
        return known[1]

    def blobs(self) -> set[bytes]:
        """The raw ids of all that `lookup` may answer."""
        return {entry.oid for _, entry in self._known.values()}

    def replace(self, entries: dict[str, tuple[FileState, Entry]], looked_ns: int) -> None:
        """Keep what a whole snapshot saw; files changed just before `looked_ns` are not kept (see `FileState`)."""
        settled = {path: seen for path, seen in entries.items() if seen[0].is_settled(looked_ns)}
        is_changed = settled != self._known
        self._known = settled
        self._is_trusted = True
        if is_changed:
            self._save()

    def _save(self) -> None:
        temp = self._file.with_name(temp_name())
        try:
            temp.write_bytes(msgspec.msgpack.encode(self._known))
            os.replace(temp, self._file)  # noqa: PTH105 - the pair of the write above
        finally:
            temp.unlink(missing_ok=True)


def now_ns() -> int:
    """The time against which file times are compared."""
    return time.time_ns()
