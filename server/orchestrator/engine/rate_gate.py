"""One gate in front of a provider, so that fifty sessions do not storm it after a refusal."""

from __future__ import annotations

import anyio

SPACING_S = 0.1
"""Between two sessions that pass after a wait."""
_TICK_S = 0.001
"""Less than this is no wait: timers may come a little early."""


class RateGate:
    """Closed until the latest time that any session was told to wait for."""

    def __init__(self) -> None:
        """An open gate."""
        self._open_at_s = 0.0

    def hold(self, wait_s: float) -> None:
        """Keep every session back for `wait_s` seconds from now; a shorter wait never opens it earlier."""
        self._open_at_s = max(self._open_at_s, anyio.current_time() + wait_s)

    @property
    def is_closed(self) -> bool:
        """Whether sessions wait at it now."""
        return self._open_at_s > anyio.current_time()

    async def passable(self) -> None:
        """Wait until the gate is open; those who had to wait pass one after another, so that no storm follows."""
        has_waited = False
        while (left_s := self._open_at_s - anyio.current_time()) > _TICK_S:
            has_waited = True
            await anyio.sleep(left_s)
        if has_waited:
            self.hold(SPACING_S)
