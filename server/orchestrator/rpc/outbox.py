"""The outgoing side of a connection: one queue with a byte cap that never makes anyone wait."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol, runtime_checkable

import anyio
from anyio.abc import ByteSendStream

from orchestrator.rpc.io import frame
from orchestrator.rpc.limits import DEFAULT, Limits

log = logging.getLogger(__name__)
_CHUNK_BYTES = 65_536


@runtime_checkable
class EagerStream(Protocol):
    """A stream that can take bytes at once; a reply that fits then needs no other task."""

    @property
    def is_eager(self) -> bool:
        """Whether it can be asked without waiting at all."""
        ...

    def try_send(self, item: bytes | memoryview) -> int:
        """Take what fits without waiting; how many bytes that was. Raises OSError when the peer is gone."""
        ...

    async def wait_for_room(self) -> None:
        """Return when `try_send` may take something. Raises OSError when the peer is gone."""
        ...


class Outbox:
    """Frames that wait to be sent. `closed_reason` says why nothing is taken any more ("" while open).

    `farewell` makes the body of a last frame, from the reason, for a client that is given up because it reads too
    slowly: it gets a moment to take what it was in the middle of, and then this.
    """

    def __init__(self, limits: Limits = DEFAULT) -> None:
        self._limits = limits
        self._frames: deque[bytes] = deque()
        self._size_bytes = 0
        self._eager: EagerStream | None = None
        self._arrived = anyio.Event()
        self._left = anyio.Event()
        self._is_finishing = False
        self.closed = anyio.Event()
        self.closed_reason = ""
        self.farewell: Callable[[str], bytes] | None = None
        self._last = b""
        self._unsent = memoryview(b"")
        self._waiting: anyio.CancelScope | None = None

    @property
    def size_bytes(self) -> int:
        """Bytes that were taken and have not left yet."""
        return self._size_bytes

    @property
    def is_crowded(self) -> bool:
        """Whether more than half of the cap waits, so that nothing optional should be added."""
        return self._size_bytes > self._limits.outbox_bytes // 2

    def put(self, body: bytes) -> None:
        """Queue one body. Over the cap the connection is given up: its reader is too slow."""
        self.put_frames(frame(body))

    def put_frames(self, data: bytes) -> None:
        """Queue frames that are ready to leave. Bytes given to several outboxes are kept once."""
        if self.closed_reason:
            return
        if self._frames and self._size_bytes + len(data) > self._limits.outbox_bytes:
            self._give_up(f"the client left more than {self._limits.outbox_bytes} bytes unread")
            return
        if self._eager and self._size_bytes == 0:
            data = self._without_sent(self._eager, data)
            if not data:
                return
        self._frames.append(data)
        self._size_bytes += len(data)
        self._arrived.set()

    def _without_sent(self, stream: EagerStream, data: bytes) -> bytes:
        try:
            sent_bytes = stream.try_send(data)
        except OSError as error:
            self.close(f"the client is gone ({type(error).__name__})")
            return b""
        return data[sent_bytes:] if sent_bytes else data

    def close(self, reason: str) -> None:
        """Take nothing any more and forget what waits."""
        if not self.closed_reason:
            self.closed_reason = reason
        self.closed.set()
        self._frames.clear()
        self._size_bytes = 0
        self._arrived.set()
        self._left.set()
        if self._waiting:
            self._waiting.cancel()

    def finish(self) -> None:
        """Let `run` return once everything has left."""
        self._is_finishing = True
        self._arrived.set()

    async def wait_for_room(self) -> None:
        """Return when the queue is no longer crowded or is closed; `run`'s deadline bounds the wait."""
        while self.is_crowded and not self.closed_reason:
            self._left = anyio.Event()
            await self._left.wait()

    async def run(self, stream: ByteSendStream) -> None:
        """Send until finished or closed. A reader that takes nothing before the deadline closes the outbox."""
        self._eager = stream if isinstance(stream, EagerStream) and stream.is_eager else None
        try:
            while not self.closed_reason:
                if self._frames:
                    await self._send(stream, memoryview(self._next_chunk()))
                elif self._is_finishing:
                    return
                else:
                    self._arrived = anyio.Event()
                    await self._arrived.wait()
        except TimeoutError:
            self._give_up(f"the client read nothing for {self._limits.slow_reader_s:g} s")
        except (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError) as error:
            self.close(f"the client is gone ({type(error).__name__})")
        if self._last:
            await self._say_farewell(self._last)

    def _give_up(self, reason: str) -> None:
        """Close for a client that reads too slowly, and tell it."""
        if self._eager and self.farewell:
            log.warning("a client is given up: %s", reason)
            self._last = self.farewell(reason)
        self.close(reason)

    async def _say_farewell(self, body: bytes) -> None:
        with anyio.move_on_after(self._limits.farewell_s), suppress(OSError, anyio.BrokenResourceError):
            for data in (self._unsent, memoryview(frame(body))):
                view = data
                while view and self._eager:
                    if not (sent_bytes := self._eager.try_send(view)):
                        await self._eager.wait_for_room()
                    view = view[sent_bytes:]

    def _next_chunk(self) -> bytes:
        """Small frames that wait are sent together; a large one goes alone."""
        chunk = self._frames.popleft()
        if len(chunk) >= _CHUNK_BYTES or not self._frames:
            return chunk
        parts = [chunk]
        size_bytes = len(chunk)
        while self._frames and size_bytes + len(self._frames[0]) <= _CHUNK_BYTES:
            parts.append(self._frames.popleft())
            size_bytes += len(parts[-1])
        return b"".join(parts)

    async def _send(self, stream: ByteSendStream, view: memoryview) -> None:
        """Send one chunk; each part of it has a deadline of its own, and giving up ends the wait."""
        self._unsent = view
        while self._unsent and not self.closed_reason:
            with anyio.fail_after(self._limits.slow_reader_s) as self._waiting:
                sent_bytes = await self._send_part(stream, self._unsent[:_CHUNK_BYTES])
                self._unsent = self._unsent[sent_bytes:]
                if not self.closed_reason:
                    self._size_bytes -= sent_bytes
                    self._left.set()

    async def _send_part(self, stream: ByteSendStream, part: memoryview) -> int:
        if self._eager is None:
            await stream.send(bytes(part))
            return len(part)
        while not (sent_bytes := self._eager.try_send(part)):
            await self._eager.wait_for_room()
        return sent_bytes
