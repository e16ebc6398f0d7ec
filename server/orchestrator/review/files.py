"""Reading files of a tree without following a link out of it, and putting other bytes in their place for a while."""

from __future__ import annotations

import os
import stat
import tempfile
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import anyio
from anyio import to_thread

MAX_FILE_BYTES = 5_000_000


class PathError(Exception):
    """A path can't be read or replaced without leaving the tree."""


def inside(root: str, path: str) -> Path:
    """The absolute path of a relative one. Raises PathError when it, or a link on the way, leaves the tree."""
    parts = Path(path).parts
    if not parts or Path(path).is_absolute() or ".." in parts:
        raise PathError(f"{path} is not a path inside the tree")
    here = Path(root)
    for part in parts[:-1]:
        here = here / part
        if here.is_symlink():
            raise PathError(f"{path} lies behind the symbolic link {here.name}")
    return here / parts[-1]


def read_regular(root: str, path: str, limit_bytes: int = MAX_FILE_BYTES) -> bytes | None:
    """The bytes of a regular file in the tree; None when there is none, when it is a link or above the limit."""
    try:
        place = inside(root, path)
        handle = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (PathError, OSError):
        return None
    with os.fdopen(handle, "rb") as file:
        state = os.fstat(handle)
        if not stat.S_ISREG(state.st_mode) or state.st_size > limit_bytes:
            return None
        return file.read(limit_bytes + 1)


@asynccontextmanager
async def replaced(root: str, files: Mapping[str, bytes | None]) -> AsyncGenerator[None]:
    """Put these bytes (None: no file) at these relative paths, and exactly what was there before back at the end.

    That holds on cancellation too. Raises PathError, with everything as it was, when a path leads out of the tree or
    is a folder.
    """
    before: list[_Before] = []
    try:
        await to_thread.run_sync(_replace_all, root, files, before)
        yield
    finally:
        with anyio.CancelScope(shield=True):
            await to_thread.run_sync(_put_back, before)


@dataclass(frozen=True, slots=True)
class _Before:
    """What stood at a place; `made` are folders that had to be made for the new file, innermost first."""

    place: Path
    content: bytes | None
    mode: int
    made: list[Path]


def _replace_all(root: str, files: Mapping[str, bytes | None], before: list[_Before]) -> None:
    for path, content in files.items():
        place = inside(root, path)
        old, mode = _present(place)
        made = _missing_folders(root, place) if content is not None else []
        before.append(_Before(place, old, mode, made))
        _put(place, content, mode)


def _put_back(before: list[_Before]) -> None:
    """Put all back; one that fails does not keep the others from it."""
    problems: list[OSError] = []
    for old in reversed(before):
        try:
            _put(old.place, old.content, old.mode)
            for folder in old.made:
                if folder.is_dir() and not any(folder.iterdir()):
                    folder.rmdir()
        except OSError as problem:
            problems.append(problem)
    if problems:
        raise problems[0]


def _present(place: Path) -> tuple[bytes | None, int]:
    try:
        state = place.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None, 0o644
    if not stat.S_ISREG(state.st_mode):
        raise PathError(f"{place.name} is not a regular file")
    return place.read_bytes(), stat.S_IMODE(state.st_mode)


def _missing_folders(root: str, place: Path) -> list[Path]:
    """Folders that have to be made for a file, innermost first."""
    missing: list[Path] = []
    folder = place.parent
    while folder != Path(root) and not folder.is_dir():
        if folder.exists():
            raise PathError(f"{folder.name} is a file now")
        missing.append(folder)
        folder = folder.parent
    return missing


def _put(place: Path, content: bytes | None, mode: int) -> None:
    """Replace a file by a rename: its old bytes may be shared with other trees through hard links.

    Its modification time grows by whole seconds, because compilers and make compare no finer than that.
    """
    if content is None:
        place.unlink(missing_ok=True)
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".orchestrator-", dir=place.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).chmod(mode)
        with suppress(FileNotFoundError):
            newer_s = max(time.time(), place.stat().st_mtime // 1 + 2)
            os.utime(name, (newer_s, newer_s))
        Path(name).replace(place)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
