"""How long a server stays that nobody uses."""

from __future__ import annotations

import os

IDLE_VARIABLE = "ORCHESTRATOR_IDLE_TIMEOUT_S"
IDLE_TIMEOUT_S = 900.0


def idle_timeout_s() -> float:
    """The idle time: from the environment where it is a number of seconds, else a quarter of an hour."""
    try:
        return max(0.0, float(os.environ[IDLE_VARIABLE]))
    except (KeyError, ValueError):
        return IDLE_TIMEOUT_S
