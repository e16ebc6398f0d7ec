"""What of a folder is on the disk while programs change it, and what a power cut leaves: for the workspace's stories.

A file's content lasts once the file, or its file system, was synced; a name once its folder was. At a cut, what was not
synced is either gone as if it had never been, or its name is there and its content is empty or cut in half: names reach
a disk before contents do.
"""

from __future__ import annotations

import os
import shutil
import stat
from dataclasses import dataclass, field
from pathlib import Path

CUTS = ("lost", "empty", "torn")
"""What becomes of what was not synced: gone; or names without contents; or names with half of their contents."""
_listdir, _lstat, _chmod, _mkdir, _symlink = os.listdir, os.lstat, os.chmod, os.mkdir, os.symlink


@dataclass(frozen=True, slots=True)
class _Name:
    """What a name in a synced folder stands for. `target` is a link's."""

    mode: int
    inode: int
    target: str = ""


@dataclass(slots=True)
class Platter:
    """The disk below some folders. Uses the calls of the system as they were when this module was loaded."""

    roots: tuple[Path, ...]
    contents: dict[int, bytes] = field(default_factory=dict[int, bytes])
    folders: dict[str, dict[str, _Name]] = field(default_factory=dict[str, dict[str, _Name]])

    def sync_all(self) -> None:
        """Everything lasts."""
        self.contents.clear()
        self.folders.clear()
        for root in self.roots:
            self._sync_tree(str(root))

    def sync(self, handle: int) -> None:
        """An open file, or the names in an open folder, last."""
        status = os.fstat(handle)
        path = f"/proc/self/fd/{handle}"
        if stat.S_ISDIR(status.st_mode):
            real = str(Path(path).readlink())
            self.folders[real] = _names(real)
        else:
            self.contents[status.st_ino] = _read(path)

    def cut(self, kind: str) -> None:
        """The power goes."""
        if kind == "lost":
            for root in self.roots:
                shutil.rmtree(root, ignore_errors=True)
                self._restore(str(root))
            return
        for root in self.roots:
            for folder, _, files in os.walk(root):
                for name in files:
                    self._spoil(f"{folder}/{name}", is_half=kind == "torn")

    def _sync_tree(self, folder: str) -> None:
        if not Path(folder).is_dir():
            return
        names = self.folders[folder] = _names(folder)
        for name, entry in names.items():
            path = f"{folder}/{name}"
            if stat.S_ISDIR(entry.mode):
                self._sync_tree(path)
            elif stat.S_ISREG(entry.mode):
                self.contents[entry.inode] = _read(path)

    def _restore(self, folder: str) -> None:
        _mkdir(folder)
        for name, entry in self.folders.get(folder, {}).items():
            path = f"{folder}/{name}"
            if stat.S_ISDIR(entry.mode):
                self._restore(path)
            elif stat.S_ISLNK(entry.mode):
                _symlink(entry.target, path)
                continue
            else:
                _write(path, self.contents.get(entry.inode, b""))
            _chmod(path, stat.S_IMODE(entry.mode))

    def _spoil(self, path: str, *, is_half: bool) -> None:
        status = _lstat(path)
        if not stat.S_ISREG(status.st_mode):
            return
        content = _read(path)
        if content != self.contents.get(status.st_ino):
            _write(path, content[: len(content) // 2] if is_half else b"")


def _names(folder: str) -> dict[str, _Name]:
    found: dict[str, _Name] = {}
    for name in _listdir(folder):
        status = _lstat(f"{folder}/{name}")
        target = os.readlink(f"{folder}/{name}") if stat.S_ISLNK(status.st_mode) else ""  # noqa: PTH115 - str paths
        found[name] = _Name(status.st_mode, status.st_ino, target)
    return found


def _read(path: str) -> bytes:
    with open(path, "rb") as file:  # noqa: PTH123 - `Path.open` is counted by the fault layer
        return file.read()


def _write(path: str, content: bytes) -> None:
    with open(path, "wb") as file:  # noqa: PTH123 - as above
        file.write(content)
