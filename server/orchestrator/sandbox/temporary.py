"""A temporary folder of its own for a command that may write only where it is told."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import anyio
from anyio import to_thread

from orchestrator.ports.launcher import Command, LauncherError

_PREFIX = "run-"
_STALE_S = 24 * 3600


@asynccontextmanager
async def private_folder(command: Command, parent: Path) -> AsyncGenerator[Command]:
    """The command with a private TMPDIR below `parent`, when it is confined and names none; else as it is.

    The folder is removed at the end, also on cancellation. Folders that a killed server left behind go after a day.
    """
    if not command.writable or "TMPDIR" in command.env:
        yield command
        return
    folder = _make(parent)
    try:
        yield replace(command, env={**command.env, "TMPDIR": folder}, writable=(*command.writable, folder))
    finally:
        with anyio.CancelScope(shield=True):
            await to_thread.run_sync(_remove, folder)


def _make(parent: Path) -> str:
    try:
        if not parent.is_dir():
            parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _remove_stale(parent)
        return tempfile.mkdtemp(prefix=_PREFIX, dir=parent)
    except OSError as problem:
        raise LauncherError(
            "temporary_folder_failed",
            f"No temporary folder can be made in {parent}: {problem.strerror}.",
            "Make the state directory writable, and check that its disk has space.",
        ) from problem


def _remove_stale(parent: Path) -> None:
    for folder in parent.glob(f"{_PREFIX}*"):
        try:
            is_stale = time.time() - folder.lstat().st_mtime > _STALE_S
        except FileNotFoundError:
            continue  # Another run has just removed its own.
        if is_stale:
            _remove(str(folder))


def _remove(folder: str) -> None:
    # What cannot be removed (a folder made unreadable) is tried again when it is stale.
    shutil.rmtree(folder, ignore_errors=True)
