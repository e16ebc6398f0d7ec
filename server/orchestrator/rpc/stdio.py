"""File descriptors as byte streams, and standard input and output kept out of everyone else's reach."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Protocol, runtime_checkable

import anyio
from anyio import to_thread
from anyio.abc import ByteReceiveStream, ByteSendStream

_STDIN, _STDOUT, _STDERR = 0, 1, 2
_CHUNK_BYTES = 65_536

Take = Callable[[bytes], bool]
"""Takes what arrived; answers whether more may come at once."""


def is_pollable(fd: int) -> bool:
    """Pipes and sockets can be waited for; regular files and terminals are read and written in a thread."""
    mode = os.fstat(fd).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


@runtime_checkable
class PushingStream(Protocol):
    """A stream that hands its bytes over from the event loop itself, which saves waking a task for each message."""

    def flow(self, take: Take, on_end: Callable[[], None]) -> Flow | None:
        """Begin to push; None when this stream must be asked for bytes."""
        ...


class Flow:
    """Bytes of a descriptor on their way to `take`. Stops by itself when `take` answers False, or at the end."""

    def __init__(self, fd: int, take: Take, on_end: Callable[[], None], ahead: bytes = b"") -> None:
        self._fd = fd
        self._ahead = ahead
        self._take = take
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._is_open = False
        self.has_ended = False
        self.resume()

    def resume(self) -> None:
        """Push again, unless it has ended."""
        if self._ahead:
            self._loop.call_soon(self._push_ahead)
        elif not self._is_open and not self.has_ended:
            self._loop.add_reader(self._fd, self._on_readable)
            self._is_open = True

    def stop(self) -> None:
        """Push nothing more until `resume`."""
        if self._is_open:
            self._is_open = False
            self._loop.remove_reader(self._fd)

    def _push_ahead(self) -> None:
        data, self._ahead = self._ahead, b""
        if data and self._take(data):
            self.resume()

    def _on_readable(self) -> None:
        try:
            data = os.read(self._fd, _CHUNK_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.has_ended = True
            self.stop()
            self._on_end()
        elif not self._take(data):
            self.stop()


class FdReceiveStream(ByteReceiveStream):
    """Reads a file descriptor that it does not own. One reader at a time. `ahead` are bytes that were read already."""

    def __init__(self, fd: int, ahead: bytes = b"") -> None:
        self._fd = fd
        self._ahead = ahead
        self.is_pollable = is_pollable(fd)

    def fileno(self) -> int:
        """The descriptor."""
        return self._fd

    def flow(self, take: Take, on_end: Callable[[], None]) -> Flow | None:
        """Push from now on; None for what can't be waited for."""
        if not self.is_pollable:
            return None
        ahead, self._ahead = self._ahead, b""
        return Flow(self._fd, take, on_end, ahead)

    async def receive(self, max_bytes: int = _CHUNK_BYTES) -> bytes:
        """At least one byte. Raises EndOfStream at the end, BrokenResourceError when the peer is gone."""
        if self._ahead:
            data, self._ahead = self._ahead[:max_bytes], self._ahead[max_bytes:]
            return data
        try:
            if self.is_pollable:
                await anyio.wait_readable(self._fd)
                data = os.read(self._fd, max_bytes)
            else:
                data = await to_thread.run_sync(os.read, self._fd, max_bytes, abandon_on_cancel=True)
        except OSError as error:
            raise anyio.BrokenResourceError from error
        if not data:
            raise anyio.EndOfStream
        return data

    async def aclose(self) -> None:
        """Nothing to free: the descriptor belongs to the process."""


class FdSendStream(ByteSendStream):
    """Writes a file descriptor, which it closes at the end. One writer at a time."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._is_pollable = is_pollable(fd)
        if self._is_pollable:
            os.set_blocking(fd, False)

    def fileno(self) -> int:
        """The descriptor; -1 when it was closed or given up."""
        return self._fd

    @property
    def is_eager(self) -> bool:
        """Whether it can be written without waiting."""
        return self._is_pollable

    def try_send(self, item: bytes | memoryview) -> int:
        """Write what fits at once without waiting; how many bytes that was. Raises OSError when the peer is gone."""
        try:
            return os.write(self._fd, item)
        except BlockingIOError:
            return 0

    async def wait_for_room(self) -> None:
        """Return when something can be written again."""
        await anyio.wait_writable(self._fd)

    async def send(self, item: bytes) -> None:
        """Write all of it. Raises BrokenResourceError when the peer is gone."""
        view = memoryview(item)
        try:
            while view:
                view = view[await self._write(view) :]
        except OSError as error:
            raise anyio.BrokenResourceError from error

    async def _write(self, view: memoryview) -> int:
        if not self._is_pollable:
            return await to_thread.run_sync(os.write, self._fd, view, abandon_on_cancel=True)
        try:
            return os.write(self._fd, view)
        except BlockingIOError:
            await anyio.wait_writable(self._fd)
            return 0

    def detach(self) -> int:
        """Give the descriptor up, in blocking mode; -1 when it was closed or given up before."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.set_blocking(fd, True)
        return fd

    async def aclose(self) -> None:
        """Close the descriptor, so that the client sees the end."""
        fd = self.detach()
        if fd >= 0:
            os.close(fd)


@contextmanager
def claimed_stdio(ahead: bytes = b"") -> Generator[tuple[FdReceiveStream, FdSendStream]]:
    """The process's stdin (after what was read `ahead` of it) and stdout, for frames alone.

    While it is open, descriptor 1 and `sys.stdout` are stderr, also for children and native code: a stray print can't
    corrupt the stream.
    """
    sys.stdout.flush()
    frames = os.dup(_STDOUT)
    os.dup2(_STDERR, _STDOUT)
    printed, sys.stdout = sys.stdout, sys.stderr
    send = FdSendStream(frames)
    try:
        yield FdReceiveStream(_STDIN, ahead), send
    finally:
        sys.stdout = printed
        fd = send.detach()
        if fd >= 0:
            os.dup2(fd, _STDOUT)
            os.close(fd)
