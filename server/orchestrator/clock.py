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
    """Identifiers that do not repeat: a prefix and 48 random bits."""

    def new(self, prefix: str) -> str:
        """Such as "m-3f9a1c2e77b0"."""
        return f"{prefix}-{secrets.token_hex(6)}"
