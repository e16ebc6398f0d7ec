"""Putting the launcher program, which the native core carries, where it can be executed."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from orchestrator.ports.launcher import LauncherError


def install_launcher(folder: Path) -> Path:
    """The path of the launcher in `folder`, written there first when it is not there yet.

    The name carries the digest, so that servers of different versions share a folder. Safe to call at the same time
    from several processes. Raises LauncherError `launcher_missing`.
    """
    # Imported late: processes that never run a command need not load the native core.
    from orchestrator.native import launcher_program  # noqa: PLC0415 - see the line above

    return install_program(folder, launcher_program())


def install_program(folder: Path, program: bytes) -> Path:
    """The same for the given bytes of a program."""
    digest = hashlib.sha256(program).hexdigest()
    path = folder / f"launcher-{digest[:12]}"
    try:
        if not _is_installed(path, len(program)):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write(path, program)
    except OSError as problem:
        raise LauncherError(
            "launcher_missing",
            f"The launcher cannot be written to {folder}: {problem.strerror}.",
            "Make the state directory writable, or name another one in ORCHESTRATOR_STATE_DIR.",
        ) from problem
    return path


def _is_installed(path: Path, size_bytes: int) -> bool:
    try:
        status = path.lstat()
    except FileNotFoundError:
        return False
    # Another owner, another size or a link: not ours, write it anew.
    return status.st_size == size_bytes and status.st_mode == 0o100700 and status.st_uid == os.geteuid()


def _write(path: Path, program: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".launcher-")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(program)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o700)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
