"""Noticing that a session repeats itself."""

from __future__ import annotations

from collections.abc import Sequence

MAX_PERIOD = 4
REPEATS = 5


class LoopFuse:
    """Remembers what each turn did; blows when the same few turns come REPEATS times in a row."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self._turns: list[str] = []

    def blows(self, turn: str) -> int:
        """Add a turn (its calls and their results, as text); the length of the cycle that it completes, 0 for none."""
        self._turns = [*self._turns, turn][-MAX_PERIOD * REPEATS :]
        return period_of(self._turns)

    def reset(self) -> None:
        """Forget: the session was told."""
        self._turns = []


def period_of(turns: Sequence[str]) -> int:
    """The shortest cycle that the last turns repeat REPEATS times, 0 for none."""
    for period in range(1, MAX_PERIOD + 1):
        window = turns[-period * REPEATS :]
        if len(window) == period * REPEATS and all(a == b for a, b in zip(window, window[period:], strict=False)):
            return period
    return 0
