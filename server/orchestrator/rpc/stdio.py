"""Standard input and output as byte streams, with the real stdout kept out of everyone else's reach."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Generator
from contextlib import contextmanager

import anyio
from anyio import to_thread
from anyio.abc import ByteReceiveStream, ByteSendStream

_STDIN, _STDOUT, _STDERR = 0, 1, 2


def _is_pollable(fd: int) -> bool:
    """Pipes and sockets can be waited for; regular files and terminals are read and written in a thread."""
    mode = os.fstat(fd).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


class FdReceiveStream(ByteReceiveStream):
    """Reads a file descriptor that it does not own. One reader at a time."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._is_pollable = _is_pollable(fd)

    async def receive(self, max_bytes: int = 65_536) -> bytes:
        """At least one byte. Raises EndOfStream at the end, BrokenResourceError when the peer is gone."""
        try:
            if self._is_pollable:
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
        self._is_pollable = _is_pollable(fd)
        if self._is_pollable:
            os.set_blocking(fd, False)

    def try_send(self, item: bytes) -> int:
        """Write what fits at once without waiting; how many bytes that was. Raises OSError when the peer is gone."""
        if not self._is_pollable:
            return 0
        try:
            return os.write(self._fd, item)
        except BlockingIOError:
            return 0

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
def claimed_stdio() -> Generator[tuple[FdReceiveStream, FdSendStream]]:
    """The process's stdin and stdout for frames alone.

    While it is open, descriptor 1 and `sys.stdout` are stderr, also for children and native code: a stray print can't
    corrupt the stream.
    """
    sys.stdout.flush()
    frames = os.dup(_STDOUT)
    os.dup2(_STDERR, _STDOUT)
    printed, sys.stdout = sys.stdout, sys.stderr
    send = FdSendStream(frames)
    try:
        yield FdReceiveStream(_STDIN), send
    finally:
        sys.stdout = printed
        fd = send.detach()
        if fd >= 0:
            os.dup2(fd, _STDOUT)
            os.close(fd)
