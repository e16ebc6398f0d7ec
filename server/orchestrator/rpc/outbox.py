"""The outgoing side of a connection: one queue with a byte cap that never makes anyone wait."""

from __future__ import annotations

from collections import deque
from typing import Protocol, runtime_checkable

import anyio
from anyio.abc import ByteSendStream

from orchestrator.rpc.io import frame
from orchestrator.rpc.limits import DEFAULT, Limits

_CHUNK_BYTES = 65_536


@runtime_checkable
class EagerStream(Protocol):
    """A stream that can take bytes at once; a reply that fits then needs no other task."""

    def try_send(self, item: bytes) -> int:
        """Take what fits without waiting; how many bytes that was. Raises OSError when the peer is gone."""
        ...


class Outbox:
    """Frames that wait to be sent. `closed_reason` says why nothing is taken any more ("" while open)."""

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
        if self.closed_reason:
            return
        if self._frames and self._size_bytes + len(body) > self._limits.outbox_bytes:
            self.close(f"the client left more than {self._limits.outbox_bytes} bytes unread")
            return
        data = frame(body)
        if self._eager and self._size_bytes == 0:
            data = self._without_sent(self._eager, data)
            if not data:
                return
        self._frames.append(data)
        self._size_bytes += len(data)
        self._arrived.set()

    def _without_sent(self, stream: EagerStream, data: bytes) -> bytes:
        try:
            return data[stream.try_send(data) :]
        except OSError as error:
            self.close(f"the client is gone ({type(error).__name__})")
            return b""

    def close(self, reason: str) -> None:
        """Take nothing any more and forget what waits."""
        if not self.closed_reason:
            self.closed_reason = reason
        self.closed.set()
        self._frames.clear()
        self._size_bytes = 0
        self._arrived.set()
        self._left.set()

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
        self._eager = stream if isinstance(stream, EagerStream) else None
        while not self.closed_reason:
            if not self._frames:
                if self._is_finishing:
                    return
                self._arrived = anyio.Event()
                await self._arrived.wait()
                continue
            await self._send(stream, self._next_chunk())

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

    async def _send(self, stream: ByteSendStream, data: bytes) -> None:
        view = memoryview(data)
        try:
            for start in range(0, len(view), _CHUNK_BYTES):
                part = view[start : start + _CHUNK_BYTES]
                with anyio.fail_after(self._limits.slow_reader_s):
                    await stream.send(bytes(part))
                if self.closed_reason:
                    return
                self._size_bytes -= len(part)
                self._left.set()
        except TimeoutError:
            self.close(f"the client read nothing for {self._limits.slow_reader_s:g} s")
        except (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError) as error:
            self.close(f"the client is gone ({type(error).__name__})")
