"""Whether another process still lives."""

from __future__ import annotations

import os
from pathlib import Path


def is_alive(process_id: int) -> bool:
    """Whether a process runs; one that waits to be reaped does not."""
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    try:
        state = Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
    except OSError:
        return True
    return state.split()[:1] != ["Z"]
