"""A disk that remembers: every change of files below one folder, in order, and what a crash may leave of it.

`Disk` records while real programs run on real files: SQLite through a VFS of apsw, everything else through the calls of
`os`. `PageCache` replays the record up to any point and answers what may be on the disk after a crash there: what was
synced is there; of what was not, anything may be there or not, in any order, whole or torn at a sector.

Model: a write lasts once its file is synced; a name (made, moved, removed) once its folder is synced. SQLite's own VFS
syncs the folder at the first sync of a log that it made, and after a removal that asks for it.
"""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SECTOR_BYTES = 512


@dataclass(frozen=True, slots=True)
class Op:
    """One change. `kind` is write, truncate, sync, create, rename, unlink, mkdir or sync_folder.

    `path` and `target` (of a rename) are relative to the disk's folder; `offset` is a truncation's new size.
    """

    kind: str
    path: str
    offset: int = 0
    data: bytes = b""
    target: str = ""


@dataclass(slots=True)
class Disk:
    """The record of what happened below `root`."""

    root: Path
    ops: list[Op] = field(default_factory=list[Op])

    def holds(self, path: Path | str) -> bool:
        """Whether the path lies below the folder that is recorded."""
        return Path(path).is_relative_to(self.root)

    def note(self, op: Op) -> None:
        """Remember a change that has happened."""
        self.ops.append(op)

    def before(self, op: Op) -> Op:
        """Called before a change; answers what is done of it. A disk with faults raises, or takes a part."""
        return op

    def name(self, path: Path | str) -> str:
        """The path as it is recorded."""
        return str(Path(path).relative_to(self.root))


@dataclass(slots=True, eq=False)
class _File:
    """Content on the disk, and changes that only the page cache holds."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[Op] = field(default_factory=list[Op])

    def sync(self) -> None:
        for op in self.pending:
            _apply(self.durable, op)
        self.pending.clear()

    def after(self, kept: list[Op]) -> bytes:
        content = bytearray(self.durable)
        for op in kept:
            _apply(content, op)
        return bytes(content)


@dataclass(slots=True)
class _Name:
    """A change of names in one folder that is not synced: `path` is bound to `file`, or removed."""

    path: str
    file: _File | None
    gone: str = ""


@dataclass(slots=True)
class PageCache:
    """Where a disk stands after some of its changes."""

    names: dict[str, _File] = field(default_factory=dict[str, _File])
    durable_names: dict[str, _File] = field(default_factory=dict[str, _File])
    pending_names: dict[str, list[_Name]] = field(default_factory=dict[str, list[_Name]])

    def apply(self, op: Op) -> None:
        """Go on by one change."""
        match op.kind:
            case "write" | "truncate":
                self.names[op.path].pending.append(op)
            case "sync":
                self.names[op.path].sync()
            case "create":
                self.names[op.path] = _File()
                self._rename(_Name(op.path, self.names[op.path]))
            case "rename":
                self.names[op.target] = self.names.pop(op.path)
                self._rename(_Name(op.target, self.names[op.target], op.path))
            case "unlink":
                del self.names[op.path]
                self._rename(_Name(op.path, None))
            case "sync_folder":
                for change in self.pending_names.pop(op.path, []):
                    _bind(self.durable_names, change)
            case _:
                raise ValueError(op.kind)

    def lost(self) -> dict[str, bytes]:
        """Nothing survives that was not synced."""
        return {path: bytes(file.durable) for path, file in self.durable_names.items()}

    def kept(self) -> dict[str, bytes]:
        """Everything survives: what a killed process leaves."""
        return {path: file.after(file.pending) for path, file in self.names.items()}

    def mixed(self, dice: random.Random) -> dict[str, bytes]:
        """Some of the unsynced changes survive: names in their order, contents in none, writes torn at sectors."""
        names = dict(self.durable_names)
        for changes in self.pending_names.values():
            for change in changes[: dice.randint(0, len(changes))]:
                _bind(names, change)
        share = dice.choice((0.1, 0.5, 0.9))
        return {path: file.after(list(_some(file.pending, dice, share))) for path, file in names.items()}

    def _rename(self, change: _Name) -> None:
        self.pending_names.setdefault(str(Path(change.path).parent), []).append(change)


class Faulty(Disk):
    """A disk that fails at one change, or from there on.

    `kind` is eio (once), torn (half of a write, then EIO), full (the next 40 changes that need room) or read_only
    (every later change).
    """

    FULL_CHANGES = 40

    def __init__(self, root: Path, at: int, kind: str) -> None:
        super().__init__(root)
        self._at = at
        self._kind = kind
        self._count = 0
        self.is_repaired = False

    def before(self, op: Op) -> Op:
        """Count, and fail when it is time."""
        self._count += 1
        past = self._count - self._at
        if past < 0 or self.is_repaired:
            return op
        if self._kind == "read_only":
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        if self._kind == "full" and past < self.FULL_CHANGES and op.kind in {"write", "create", "mkdir"}:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if self._kind == "torn" and past == 0 and op.kind == "write":
            return Op(op.kind, op.path, op.offset, op.data[: len(op.data) // 2])
        if self._kind in {"eio", "torn"} and past == 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return op


def torn(op: Op, dice: random.Random) -> Op:
    """The same write, cut somewhere: at half, at a sector, or anywhere."""
    half = len(op.data) // 2
    sector = dice.randint(0, len(op.data) // SECTOR_BYTES) * SECTOR_BYTES
    cut = dice.choice((half, sector, dice.randint(0, len(op.data))))
    return Op(op.kind, op.path, op.offset, op.data[:cut])


def lay_out(content: dict[str, bytes], folder: Path) -> None:
    """Make a disk's content real."""
    for path, data in content.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def _some(pending: list[Op], dice: random.Random, share: float) -> Iterator[Op]:
    for op in pending:
        if dice.random() >= share:
            continue
        if op.kind == "truncate" or dice.random() < 0.7:
            yield op
            continue
        for start in range(0, len(op.data), SECTOR_BYTES):
            if dice.random() < share:
                yield Op("write", op.path, op.offset + start, op.data[start : start + SECTOR_BYTES])


def _apply(content: bytearray, op: Op) -> None:
    if op.kind == "truncate":
        del content[op.offset :]
        content.extend(bytes(op.offset - len(content)))
        return
    end = op.offset + len(op.data)
    content.extend(bytes(max(0, end - len(content))))
    content[op.offset : end] = op.data


def _bind(names: dict[str, _File], change: _Name) -> None:
    names.pop(change.gone, None)
    if change.file is None:
        names.pop(change.path, None)
    else:
        names[change.path] = change.file
