"""One gate in front of a provider, so that fifty sessions do not storm it after a refusal."""

from __future__ import annotations

import anyio


class RateGate:
    """Closed until the latest time that any session was told to wait for."""

    def __init__(self) -> None:
        """An open gate."""
        self._open_at_s = 0.0

    def hold(self, wait_s: float) -> None:
        """Keep every session back for `wait_s` seconds from now; a shorter wait never opens it earlier."""
        self._open_at_s = max(self._open_at_s, anyio.current_time() + wait_s)

    async def passable(self) -> None:
        """Wait until the gate is open."""
        while (left_s := self._open_at_s - anyio.current_time()) > 0:  # noqa: ASYNC110 - the time is what we wait for
            await anyio.sleep(left_s)
