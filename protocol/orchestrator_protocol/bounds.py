"""The largest amounts that a request may name; every client's JSON reads them exactly."""

from __future__ import annotations

MAX_COUNT = 10**15
"""Whole numbers: tokens, turns, calls, lines, sequence numbers, versions."""
MAX_USD = 10**9
"""US dollars."""
MAX_S = 10**8
"""Seconds, about three years."""
