"""Keeping what checks leave in the state directory below a cap."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from orchestrator.config.places import Places

MAX_OUTPUTS_BYTES = 1_000_000_000
_STALE_S = 24 * 3600


def sweep(places: Places) -> None:
    """Remove what killed runs left behind a day ago and, above `MAX_OUTPUTS_BYTES`, the oldest outputs."""
    now = time.time()
    for folder in _aged(places.state / "check-runs"):
        if now - folder[0] > _STALE_S:
            # What can't be removed now is tried again by the next sweep.
            shutil.rmtree(folder[2], ignore_errors=True)
    total_bytes = 0
    for changed_at_s, size_bytes, output in sorted(_aged(places.outputs), reverse=True):
        total_bytes += size_bytes
        is_stale = output.name.startswith(".new-") and now - changed_at_s > _STALE_S
        if is_stale or total_bytes > MAX_OUTPUTS_BYTES:
            output.unlink(missing_ok=True)


def _aged(folder: Path) -> list[tuple[float, int, Path]]:
    """Time of change, size in bytes and path of each entry of a folder."""
    entries: list[tuple[float, int, Path]] = []
    try:
        for entry in folder.iterdir():
            state = entry.lstat()
            entries.append((state.st_mtime, state.st_size, entry))
    except FileNotFoundError:
        return entries
    return entries
