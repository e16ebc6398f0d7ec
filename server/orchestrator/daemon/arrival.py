"""A client at the door: its handshake, and then the streams that it speaks over."""

from __future__ import annotations

import socket
from types import TracebackType
from typing import Self

import anyio

from orchestrator.daemon.hello import (
    MAX_LINE_BYTES,
    Hello,
    Welcome,
    close_all,
    line_of,
    read_hello,
    receive_with_descriptors,
)
from orchestrator.rpc.stdio import FdReceiveStream, FdSendStream


class Arrival:
    """A client whose hello was read. A context manager that frees the descriptors it brought along."""

    def __init__(self, connection: socket.socket, hello: Hello, rest: bytes, descriptors: list[int]) -> None:
        """`rest` came after the hello; `descriptors` are the client's input and output, or none."""
        self.hello = hello
        self.is_gone = False
        self._connection = connection
        self._rest = rest
        self._descriptors = descriptors
        self._sends: list[FdSendStream] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for send in self._sends:
            send.detach()
        close_all(self._descriptors)

    @property
    def has_descriptors(self) -> bool:
        """Whether the client brought its own input and output; the socket then only says that it lives."""
        return self.hello.has_stdio and len(self._descriptors) == 2

    async def answer(self, welcome: Welcome) -> None:
        """Send the server's line. Raises OSError when the client is gone."""
        await self._write(line_of(welcome))

    async def streams(self) -> tuple[FdReceiveStream, FdSendStream]:
        """What to read from and write to, after the bytes that the client had read ahead. Raises OSError."""
        ahead = self._rest
        while len(ahead) < self.hello.ahead_bytes:
            await anyio.wait_readable(self._connection)
            chunk = self._connection.recv(self.hello.ahead_bytes - len(ahead))
            if not chunk:
                raise BrokenPipeError("the client left before its first message")
            ahead += chunk
        own = self._connection.fileno()
        reading, writing = self._descriptors if self.has_descriptors else (own, own)
        send = FdSendStream(writing)
        self._sends.append(send)
        return FdReceiveStream(reading, ahead), send

    async def wait_until_gone(self) -> None:
        """Return when a client that brought descriptors has ended; it says nothing more on the socket."""
        while True:
            await anyio.wait_readable(self._connection)
            try:
                if not self._connection.recv(64):
                    return
            except BlockingIOError:
                continue
            except OSError:
                return

    async def say_exit_code(self, code: int) -> None:
        """The last word to a client that brought descriptors."""
        if self.has_descriptors:
            await self._write(b"%d\n" % code)

    async def _write(self, data: bytes) -> None:
        while data:
            try:
                data = data[self._connection.send(data) :]
            except BlockingIOError:
                await anyio.wait_writable(self._connection)


async def read_arrival(connection: socket.socket) -> Arrival | None:
    """Read the hello; None for what is none, or for a client that leaves. Raises OSError."""
    line = b""
    descriptors: list[int] = []
    try:
        while b"\n" not in line and len(line) < MAX_LINE_BYTES:
            await anyio.wait_readable(connection)
            data, found = receive_with_descriptors(connection)
            descriptors += found
            if not data:
                break
            line += data
    except BaseException:
        close_all(descriptors)
        raise
    first, newline, rest = line.partition(b"\n")
    hello = read_hello(first) if newline else None
    if hello is None:
        close_all(descriptors)
        return None
    return Arrival(connection, hello, rest, descriptors)
