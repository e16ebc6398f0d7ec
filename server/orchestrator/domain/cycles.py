"""Noticing that a sequence repeats itself: tool calls, answers, or the rounds of a mission."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from typing import Final

MAX_PERIOD: Final = 4
"""The longest cycle that is looked for."""
REPEATS: Final = 3
"""How often in a row it must be seen."""


class CycleWatch:
    """The last steps of a sequence. Two steps are the same when they are equal."""

    def __init__(self, repeats: int = REPEATS) -> None:
        """Notice a cycle once it was gone through `repeats` times in a row."""
        self._repeats = repeats
        self._steps: deque[Hashable] = deque(maxlen=MAX_PERIOD * repeats)

    def add(self, step: Hashable) -> int:
        """Take the next step; the period (1 to MAX_PERIOD) of the shortest cycle that it completes, 0 for none."""
        self._steps.append(step)
        steps = tuple(self._steps)
        for period in range(1, MAX_PERIOD + 1):
            tail = steps[-period * self._repeats :]
            if len(tail) == period * self._repeats and tail[period:] == tail[:-period]:
                return period
        return 0
