"""A folder that gets a file now and then, and keeps the newest ones only."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def keep_newest(folder: Path, newest: Path, *, max_files: int, max_bytes: int) -> list[Path]:
    """Remove the oldest files of a folder beyond either bound, never `newest`; the removed ones, oldest first.

    The folder belongs to the server. A file that can't be removed stays: what was just written is worth more than the
    bound, and the next one tries again.
    """
    found = sorted((path.stat().st_mtime_ns, path) for path in folder.iterdir() if path != newest and path.is_file())
    sizes = {path: path.stat().st_size for _, path in found}
    count, total = len(found) + 1, sum(sizes.values()) + newest.stat().st_size
    removed: list[Path] = []
    for _, path in found:
        if count <= max_files and total <= max_bytes:
            break
        with suppress(OSError):
            path.unlink()
            removed.append(path)
            count, total = count - 1, total - sizes[path]
    return removed
