"""The incoming side of a connection: bytes become messages, each client in its turn."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable

import anyio
import anyio.lowlevel
from anyio.abc import ByteReceiveStream

from orchestrator.rpc import message
from orchestrator.rpc.dispatch import Work
from orchestrator.rpc.io import FrameDecoder, FramingError, stalled
from orchestrator.rpc.limits import Limits
from orchestrator.rpc.outbox import Outbox
from orchestrator.rpc.stdio import Flow, PushingStream

log = logging.getLogger(__name__)


class MessageLoop:
    """Hands every message to `handle` until the stream ends or can't be followed.

    Where the stream pushes, a message is handled in the event loop's own callback; a task is woken only for what must
    be awaited. After `round_frames` messages, and while the client reads too little, others come first.
    """

    def __init__(self, handle: Callable[[bytes], Work | None], outbox: Outbox, limits: Limits) -> None:
        self._handle = handle
        self._outbox = outbox
        self._limits = limits
        self._decoder = FrameDecoder(limits)
        self._work: Work | None = None
        self._wake = anyio.Event()
        self._is_over = False
        self._is_armed = False
        """Whether somebody watches for silence inside a frame."""
        self._arrived_s = 0.0

    async def run(self, receive: ByteReceiveStream) -> None:
        """Read until the end; a framing error is told to the client."""
        flow = receive.flow(self._take, self._on_end) if isinstance(receive, PushingStream) else None
        if flow is None:
            await self._pull(receive)
            return
        try:
            await self._follow(flow)
        finally:
            flow.stop()

    def stop(self) -> None:
        """Take no further message; `run` returns."""
        self._is_over = True
        self._wake.set()

    def rest(self) -> bytes:
        """The bytes that were read and belong to no message that was handled; they are forgotten here."""
        return self._decoder.rest()

    def put_back(self, data: bytes) -> None:
        """Take bytes again that `rest` gave away."""
        self._decoder.feed(data)

    async def _follow(self, flow: Flow) -> None:
        while not self._is_over:
            self._is_armed = self._decoder.waiting_bytes > 0
            silence_ends_s = self._arrived_s + self._limits.incomplete_frame_s
            with anyio.CancelScope(deadline=silence_ends_s if self._is_armed else math.inf) as waiting:
                await self._wake.wait()
            if waiting.cancelled_caught:
                is_silent = self._arrived_s + self._limits.incomplete_frame_s <= anyio.current_time()
                if self._decoder.waiting_bytes and is_silent:
                    self._fail(stalled(self._limits))
                continue
            self._wake = anyio.Event()
            await self._catch_up()
            if flow.has_ended:
                self._end()
                return
            if not self._is_over:
                flow.resume()

    async def _pull(self, receive: ByteReceiveStream) -> None:
        while not self._is_over:
            try:
                with anyio.fail_after(self._limits.incomplete_frame_s if self._decoder.waiting_bytes else None):
                    data = await receive.receive()
            except TimeoutError:
                self._fail(stalled(self._limits))
                return
            except (anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError):
                self._end()
                return
            self._decoder.feed(data)
            await self._catch_up()

    def _take(self, data: bytes) -> bool:
        """From the event loop: handle what can be handled at once; whether more may come."""
        self._decoder.feed(data)
        self._work = self._advance()
        if self._decoder.waiting_bytes:
            self._arrived_s = anyio.current_time()
            if not self._is_armed:
                self._wake.set()
        if self._work is None and not self._is_over:
            return True
        self._wake.set()
        return False

    def _on_end(self) -> None:
        self._wake.set()

    async def _catch_up(self) -> None:
        work, self._work = self._work or self._advance(), None
        while work is not None:
            await work()
            work = self._advance()

    def _advance(self) -> Work | None:
        """Handle messages until there is no whole one, something must be awaited, or the turn is over."""
        if self._is_over:
            return None
        try:
            for _ in range(self._limits.round_frames):
                if self._outbox.is_crowded:
                    return self._outbox.wait_for_room
                body = self._decoder.next()
                if body is None:
                    return None
                if work := self._handle(body):
                    return work
        except FramingError as error:
            self._fail(str(error))
            return None
        return anyio.lowlevel.checkpoint

    def _end(self) -> None:
        try:
            self._decoder.end()
        except FramingError as error:
            self._fail(str(error))

    def _fail(self, reason: str) -> None:
        self._is_over = True
        log.warning("connection given up: %s", reason)
        self._outbox.put(message.encode_error(None, "invalid_request", reason, "the connection is closed"))
