"""The two layers through which programs reach the recording disk: SQLite's and the operating system's."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
from disk import Disk, Op

_BASE = "unix"
_real = {
    name: getattr(os, name)
    for name in (
        "open",
        "close",
        "write",
        "pwrite",
        "ftruncate",
        "fsync",
        "fdatasync",
        "replace",
        "rename",
        "unlink",
        "remove",
        "mkdir",
    )
}


class RecordingVFS(apsw.VFS):
    """SQLite's own VFS with the disk told of every change; made the default for new connections."""

    def __init__(self, disk: Disk, name: str = "recording") -> None:
        self._disk = disk
        super().__init__(name, _BASE, makedefault=True)

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - apsw's name
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        if path is None or not self._disk.holds(path):
            return apsw.VFSFile(_BASE, name, flags)
        return _RecordingFile(self._disk, path, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802 - apsw's name
        if not self._disk.holds(filename):
            super().xDelete(filename, syncdir)
            return
        op = Op("unlink", self._disk.name(filename))
        _ask(self._disk, op)
        super().xDelete(filename, syncdir)
        self._disk.note(op)
        if syncdir:
            self._disk.note(Op("sync_folder", str(Path(op.path).parent)))


class _RecordingFile(apsw.VFSFile):
    def __init__(self, disk: Disk, path: str, name: Any, flags: list[int]) -> None:
        self._disk = disk
        self._path = disk.name(path)
        is_new = not Path(path).exists()
        if is_new:
            _ask(disk, Op("create", self._path))
        super().__init__(_BASE, name, flags)
        if is_new:
            disk.note(Op("create", self._path))
        self._syncs_folder = is_new

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - apsw's name
        op = Op("write", self._path, offset, bytes(data))
        done = _ask(self._disk, op)
        super().xWrite(done.data, offset)
        self._disk.note(done)
        if done is not op:
            raise apsw.IOError("the disk took a part")

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - apsw's name
        op = Op("truncate", self._path, newsize)
        _ask(self._disk, op)
        super().xTruncate(newsize)
        self._disk.note(op)

    def xSync(self, flags: int) -> None:  # noqa: N802 - apsw's name
        op = Op("sync", self._path)
        _ask(self._disk, op)
        super().xSync(flags)
        self._disk.note(op)
        if self._syncs_folder:
            self._syncs_folder = False
            self._disk.note(Op("sync_folder", str(Path(self._path).parent)))


def _ask(disk: Disk, op: Op) -> Op:
    """What the disk does of a change, with its refusals in SQLite's words."""
    try:
        return disk.before(op)
    except OSError as error:
        kinds = {errno.ENOSPC: apsw.FullError, errno.EROFS: apsw.ReadOnlyError}
        raise kinds.get(error.errno or 0, apsw.IOError)(str(error)) from error


class _OsCalls:
    """`os` with the disk told of every change below its folder."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._paths: dict[int, str] = {}

    def replacements(self) -> dict[str, Callable[..., Any]]:
        return {
            "open": self.open,
            "close": self.close,
            "write": self.write,
            "pwrite": self.pwrite,
            "ftruncate": self.ftruncate,
            "fsync": self.fsync,
            "fdatasync": self.fsync,
            "replace": self.replace,
            "rename": self.replace,
            "unlink": self.unlink,
            "remove": self.unlink,
            "mkdir": self.mkdir,
        }

    def open(self, path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        where = self._where(path, dir_fd)
        is_new = bool(flags & os.O_CREAT) and where is not None and not os.path.lexists(self._disk.root / where)
        if is_new:
            self._disk.before(Op("create", where or ""))
        if where is not None and flags & os.O_TRUNC and not is_new:
            self._disk.before(Op("truncate", where))
        fd = _real["open"](path, flags, mode, dir_fd=dir_fd)
        if where is not None:
            self._paths[fd] = where
            if is_new:
                self._disk.note(Op("create", where))
            elif flags & os.O_TRUNC:
                self._disk.note(Op("truncate", where))
        return fd

    def close(self, fd: int) -> None:
        self._paths.pop(fd, None)
        _real["close"](fd)

    def write(self, fd: int, data: Any) -> int:
        if fd not in self._paths:
            return _real["write"](fd, data)
        op = Op("write", self._paths[fd], os.lseek(fd, 0, os.SEEK_CUR), bytes(data))
        done = self._disk.before(op)
        return self._written(done, _real["write"](fd, done.data))

    def pwrite(self, fd: int, data: Any, offset: int) -> int:
        if fd not in self._paths:
            return _real["pwrite"](fd, data, offset)
        op = Op("write", self._paths[fd], offset, bytes(data))
        done = self._disk.before(op)
        return self._written(done, _real["pwrite"](fd, done.data, offset))

    def ftruncate(self, fd: int, length: int) -> None:
        op = Op("truncate", self._paths.get(fd, ""), length)
        if op.path:
            self._disk.before(op)
        _real["ftruncate"](fd, length)
        if op.path:
            self._disk.note(op)

    def fsync(self, fd: int) -> None:
        path = self._paths.get(fd)
        if path is None:
            _real["fsync"](fd)
            return
        op = Op("sync_folder" if (self._disk.root / path).is_dir() else "sync", path)
        self._disk.before(op)
        _real["fsync"](fd)
        self._disk.note(op)

    def replace(
        self, source: Any, target: Any, *, src_dir_fd: int | None = None, dst_dir_fd: int | None = None
    ) -> None:
        old, new = self._where(source, src_dir_fd), self._where(target, dst_dir_fd)
        op = Op("rename", old or "", target=new or "")
        if old is not None:
            self._disk.before(op)
        _real["replace"](source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)
        if old is not None:
            self._disk.note(op)

    def unlink(self, path: Any, *, dir_fd: int | None = None) -> None:
        op = Op("unlink", self._where(path, dir_fd) or "")
        if op.path and os.path.lexists(self._disk.root / op.path):
            self._disk.before(op)
        _real["unlink"](path, dir_fd=dir_fd)
        if op.path:
            self._disk.note(op)

    def mkdir(self, path: Any, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        where = self._where(path, dir_fd)
        op = Op("mkdir", where or "")
        if where is not None and not (self._disk.root / where).exists():
            self._disk.before(op)
        _real["mkdir"](path, mode, dir_fd=dir_fd)

    def _written(self, op: Op, size: int) -> int:
        self._disk.note(Op(op.kind, op.path, op.offset, op.data[:size]))
        return size

    def _where(self, path: Any, dir_fd: int | None) -> str | None:
        """The recorded name of a path, None for one that lies elsewhere."""
        if isinstance(path, int):
            return None
        if dir_fd is not None:
            return str(Path(self._paths[dir_fd]) / path) if dir_fd in self._paths else None
        return self._disk.name(path) if self._disk.holds(path) else None


@contextmanager
def recording(disk: Disk) -> Generator[Disk]:
    """Everything that happens below the disk's folder in this process is told to it, until the block ends."""
    calls = _OsCalls(disk).replacements()
    vfs = RecordingVFS(disk)
    try:
        for name, call in calls.items():
            setattr(os, name, call)
        yield disk
    finally:
        for name in calls:
            setattr(os, name, _real[name])
        vfs.unregister()
