"""The real clock and real identifiers."""

from __future__ import annotations

import secrets
import time


class SystemClock:
    """Wall-clock time of this machine."""

    def now_s(self) -> float:
        """Unix time in seconds."""
        return time.time()


class RandomIds:
    """Identifiers that do not repeat: a prefix, the time to the second, and 32 random bits."""

    def new(self, prefix: str) -> str:
        """Such as "m-1763712000-3f9a1c2e": sorts by time, unique without a counter."""
        return f"{prefix}-{int(time.time())}-{secrets.token_hex(4)}"
