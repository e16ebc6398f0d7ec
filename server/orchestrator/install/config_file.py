"""Changing one file of somebody else's: backed up, atomic, taken back when anything goes wrong."""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import json
import os
import stat
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from orchestrator.config.places import state_home
from orchestrator.errors import OrchestratorError

MAX_BACKUPS = 5
MAX_BYTES = 4_000_000


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A configuration file, by its real path; it may not exist yet."""

    path: Path

    def read(self) -> bytes | None:
        """Its bytes, None where it does not exist. Raises OrchestratorError `unreadable_config`."""
        try:
            with self.path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise OrchestratorError("unreadable_config", f"{self.path}: {error.strerror}", "correct that") from error
        if len(data) > MAX_BYTES:
            raise OrchestratorError("unreadable_config", f"{self.path} is too large", f"at most {MAX_BYTES} bytes")
        return data

    def replace(self, before: bytes | None, after: bytes | None) -> Path | None:
        """Put `after` in the place of `before` (None: no file); the backup's path, None when there was nothing to keep.

        Raises OrchestratorError `config_changed` when the file is not `before` any more, `unwritable_config`.
        """
        if self.read() != before:
            raise OrchestratorError("config_changed", f"{self.path} was changed meanwhile", "again")
        backup = self._back_up(before) if before is not None else None
        self.write(after)
        return backup

    def write(self, data: bytes | None) -> None:
        """Write all or nothing; the mode stays. Raises OrchestratorError `unwritable_config`."""
        try:
            if data is None:
                self.path.unlink(missing_ok=True)
                return
            self.path.parent.mkdir(parents=True, exist_ok=True)
            mode = stat.S_IMODE(self.path.stat().st_mode) if self.path.exists() else 0o600
            if not mode & stat.S_IWUSR:
                raise PermissionError(13, "it is read-only")
            _write_whole(self.path, data, mode)
        except OSError as error:
            raise OrchestratorError(
                "unwritable_config",
                f"{self.path}: {error.strerror}",
                "nothing was changed; make it writable, then again",
            ) from error

    def _back_up(self, data: bytes) -> Path:
        folder = _folder(self.path)
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
        backup = folder / f"{now}-{self.path.name}"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write_whole(backup, data, 0o600)
            for old in sorted(folder.glob(f"*Z-{self.path.name}"))[:-MAX_BACKUPS]:
                old.unlink(missing_ok=True)
        except OSError as error:
            raise OrchestratorError(
                "unwritable_config", f"{backup}: {error.strerror}", "nothing was changed; make room for a backup"
            ) from error
        return backup


def difference(path: Path, before: bytes | None, after: bytes | None) -> str:
    """A unified diff for people."""
    old, new = ((data or b"").decode("utf-8", "replace").splitlines(keepends=True) for data in (before, after))
    return "".join(
        f"{line.rstrip(chr(10)).rstrip(chr(13))}\n" for line in difflib.unified_diff(old, new, str(path), str(path))
    )


def remember(path: Path, before: bytes | None, after: bytes) -> None:
    """Keep what the file was, so that it can be put back to the byte while nobody else has changed it."""
    note = {"after": _digest(after), "existed": before is not None, "before": (before or b"").hex()}
    _folder(path).mkdir(parents=True, exist_ok=True, mode=0o700)
    _write_whole(_folder(path) / "installed.json", json.dumps(note).encode(), 0o600)


def remembered(path: Path, now: bytes) -> tuple[bool, bytes | None]:
    """Whether the file is still as the installation left it, and what it was before (None: it did not exist)."""
    try:
        note = json.loads((_folder(path) / "installed.json").read_bytes())
        return note["after"] == _digest(now), bytes.fromhex(note["before"]) if note["existed"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return False, None  # without a note the entry alone is taken out


def forget(path: Path) -> None:
    """The note is of no use any more."""
    (_folder(path) / "installed.json").unlink(missing_ok=True)


def _folder(path: Path) -> Path:
    return state_home() / "install" / hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _write_whole(path: Path, data: bytes, mode: int) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
