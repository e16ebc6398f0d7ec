"""What every session of our own hosts has in common: one prompt at a time, an end, and no answer after it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio

from orchestrator.domain.words import FailureKind
from orchestrator.ports.host import Brief, HostError, Reply

Answer = Callable[[Brief], Awaitable[Reply]]


class Conversation:
    """A session around a function that answers briefs."""

    def __init__(self, session_id: str, answer: Answer) -> None:
        """Keep the function; nothing runs before the first prompt."""
        self._session_id = session_id
        self._answer = answer
        self._is_closed = False
        self._running: anyio.CancelScope | None = None

    async def prompt(self, brief: Brief) -> Reply:
        """Answer one brief. Raises HostError, also when the session was closed before or meanwhile."""
        if self._is_closed:
            raise self._closed()
        if self._running is not None:
            reason = f"session {self._session_id} is still answering"
            raise HostError(FailureKind.UNKNOWN, reason, hint="wait for the answer or close the session")
        with anyio.CancelScope() as scope:
            self._running = scope
            try:
                return await self._answer(brief)
            finally:
                self._running = None
        raise self._closed()

    @property
    def place(self) -> str:
        """Nowhere: the session ends with the server."""
        return ""

    async def close(self) -> None:
        """End the session; an answer under way is cancelled. Closing again does nothing."""
        self._is_closed = True
        if self._running is not None:
            self._running.cancel()

    def _closed(self) -> HostError:
        return HostError(FailureKind.UNKNOWN, f"session {self._session_id} is closed", hint="open another session")


def count_tokens(text: str) -> int:
    """A steady estimate for hosts without a model: one token for four characters."""
    return (len(text) + 3) // 4
