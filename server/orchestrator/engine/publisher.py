"""Telling subscribers what the journal has recorded, in order."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from orchestrator.ports.journal import Recorded

BUFFER_EVENTS = 10_000
"""A subscriber that lags by more than this loses its subscription and catches up from the journal."""


class Publisher:
    """Hands recorded events to subscribers in the order of their sequence numbers, each exactly once.

    Several missions may append at the same time and wake in any order; an event is held back until all before it are
    here. Never waits for a subscriber.
    """

    def __init__(self, last_seq: int) -> None:
        """Begin after `last_seq`, the journal's newest event at start."""
        self._next_seq = last_seq + 1
        self._early: dict[int, Recorded] = {}
        self._streams: list[MemoryObjectSendStream[Recorded]] = []
        self._listeners: list[Callable[[Recorded], None]] = []

    def listen(self, listener: Callable[[Recorded], None]) -> None:
        """Call `listener` for every event from now on, at once and in order; it must not raise."""
        self._listeners.append(listener)

    def publish(self, recorded: Sequence[Recorded]) -> None:
        """Take events that are on disk."""
        for event in recorded:
            self._early[event.seq] = event
        while (ready := self._early.pop(self._next_seq, None)) is not None:
            self._next_seq += 1
            self._send(ready)

    def _send(self, event: Recorded) -> None:
        for listener in self._listeners:
            listener(event)
        for stream in tuple(self._streams):
            try:
                stream.send_nowait(event)
            except (anyio.WouldBlock, anyio.BrokenResourceError, anyio.ClosedResourceError):
                self._streams.remove(stream)
                stream.close()

    @contextmanager
    def subscribe(self) -> Generator[MemoryObjectReceiveStream[Recorded]]:
        """Events from now on; the stream ends when the subscriber lags too far behind."""
        send, receive = anyio.create_memory_object_stream[Recorded](BUFFER_EVENTS)
        self._streams.append(send)
        try:
            yield receive
        finally:
            if send in self._streams:
                self._streams.remove(send)
            send.close()
            receive.close()
