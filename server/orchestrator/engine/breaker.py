"""The circuit breaker of one host and model: after failures in a row nobody asks it for a while, then one tries."""

from __future__ import annotations

import math

import anyio

OPEN_AFTER = 5
"""Failures in a row that open it."""
CLOSE_AFTER = 2
"""Probes in a row that must go well before everybody may pass again."""
FIRST_PAUSE_S = 15.0
LONGEST_PAUSE_S = 300.0
_TICK_S = 0.001
"""Less than this is no wait: timers may come a little early."""


class Breaker:
    """Closed: all pass. Open: all wait. Half open: one at a time passes; a failure opens it again, for longer."""

    def __init__(self) -> None:
        """Closed."""
        self._failures = 0
        self._probes_passed = 0
        self._pause_s = FIRST_PAUSE_S
        self._opens_at_s = 0.0
        self._is_probing = False
        self._moved = anyio.Event()
        self.is_closed = True

    async def passable(self) -> None:
        """Wait until a call may be made; it must then be told how that went: `succeeded`, `failed` or `withdrawn`."""
        while not self.is_closed:
            left_s = self._opens_at_s - anyio.current_time()
            if left_s <= _TICK_S and not self._is_probing:
                self._is_probing = True
                return
            with anyio.move_on_after(left_s if left_s > _TICK_S else math.inf):
                await self._moved.wait()

    def succeeded(self) -> None:
        """A call went well."""
        self._failures = 0
        if self.is_closed:
            return
        self._probes_passed += 1
        if self._probes_passed >= CLOSE_AFTER:
            self.is_closed = True
            self._pause_s = FIRST_PAUSE_S
        self._move()

    def failed(self) -> None:
        """A call failed in a way that speaks against the host, not against what it was asked."""
        self._failures += 1
        if self.is_closed and self._failures < OPEN_AFTER:
            return
        if not self.is_closed and anyio.current_time() >= self._opens_at_s:
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        self.is_closed = False
        self._probes_passed = 0
        self._opens_at_s = anyio.current_time() + self._pause_s
        self._move()

    def withdrawn(self) -> None:
        """A call ended without saying anything about the host, such as one that a person stopped."""
        self._move()

    def _move(self) -> None:
        self._is_probing = False
        moved, self._moved = self._moved, anyio.Event()
        moved.set()
