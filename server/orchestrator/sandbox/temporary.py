"""A temporary folder of its own for a command that may write only where it is told."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import cache
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
        if not _is_removed_empty(folder):
            with anyio.CancelScope(shield=True):
                await to_thread.run_sync(_remove, folder)


def _make(parent: Path) -> str:
    try:
        if not parent.is_dir():
            parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _sweep(parent)
        return tempfile.mkdtemp(prefix=_PREFIX, dir=parent)
    except OSError as problem:
        raise LauncherError(
            "temporary_folder_failed",
            f"No temporary folder can be made in {parent}: {problem.strerror}.",
            "Make the state directory writable, and check that its disk has space.",
        ) from problem


@cache
def _sweep(parent: Path) -> None:
    """Remove what a killed server left; once for a process."""
    for folder in parent.glob(f"{_PREFIX}*"):
        try:
            is_stale = time.time() - folder.lstat().st_mtime > _STALE_S
        except FileNotFoundError:
            continue  # Another run has just removed its own.
        if is_stale:
            _remove(str(folder))


def _is_removed_empty(folder: str) -> bool:
    """Most commands leave nothing there; then no thread is needed."""
    try:
        os.rmdir(folder)  # noqa: PTH106 - the pair of mkdtemp, which answers a str
    except OSError:
        return False
    return True


def _remove(folder: str) -> None:
    from orchestrator.native import remove_tree  # noqa: PLC0415 - only who runs commands loads the native core

    # What cannot be removed is tried again when it is stale.
    with suppress(OSError):
        remove_tree(folder)
