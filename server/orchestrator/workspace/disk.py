"""One cap for what the workspace room keeps on disk: the shadow repository and the pool of worktrees."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Final

from orchestrator.ports.workspace import WorkspaceError

DEFAULT_CAP_BYTES: Final = 20 << 30
_BLOCK_BYTES: Final = 512


class Disk:
    """Counts what lies in some folders. The count is made once, then kept up, and made anew when it reaches the cap."""

    def __init__(self, shadow: Path, pool: Path, cap_bytes: int = DEFAULT_CAP_BYTES) -> None:
        """Nothing is counted before it is asked for."""
        self._shadow = shadow
        self._pool = pool
        self._cap_bytes = cap_bytes
        self._used_bytes: int | None = None
        self._lock = threading.Lock()

    @property
    def is_over(self) -> bool:
        """Whether more is known to lie there than allowed; nothing is counted."""
        return self._used_bytes is not None and self._used_bytes > self._cap_bytes

    def admit(self) -> None:
        """Allow one more worktree. Blocking.

        Raises WorkspaceError `disk_cap_reached`.
        """
        with self._lock:
            if self._used_bytes is None or self._used_bytes > self._cap_bytes:
                self._used_bytes = self._count()
            if self._used_bytes > self._cap_bytes:
                raise WorkspaceError(
                    "disk_cap_reached",
                    f"shadow repository and worktrees take {self._used_bytes >> 20:,} MiB, the cap is"
                    f" {self._cap_bytes >> 20:,} MiB",
                    "raise limits.state_size_bytes, run fewer slots, or keep large files out of the workspace",
                )

    def grew(self, folder: str) -> None:
        """Count a worktree that was made."""
        self._add(used_bytes(folder))

    def shrinks(self, folder: str) -> None:
        """Stop counting a worktree that is about to be removed."""
        self._add(-used_bytes(folder))

    def _add(self, size_bytes: int) -> None:
        with self._lock:
            if self._used_bytes is not None:
                self._used_bytes += size_bytes

    def _count(self) -> int:
        return used_bytes(str(self._shadow)) + used_bytes(str(self._pool))


def used_bytes(folder: str) -> int:
    """Bytes on disk of everything below a folder; what vanishes meanwhile counts nothing."""
    total = 0
    pending = [folder]
    while pending:
        try:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    status = entry.stat(follow_symlinks=False)
                    total += status.st_blocks * _BLOCK_BYTES
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
        except OSError:
            continue
    return total
