"""Framing: `Content-Length` frames over any bytes.

Tolerant in what it reads (header names in any case, bare line feeds, unknown headers, blank lines before a frame), but
bounded: an announced size is checked before a byte of it is kept, and memory grows only with bytes that arrived.
"""

from __future__ import annotations

import re

import anyio
from anyio.abc import ByteReceiveStream

from orchestrator.rpc.limits import DEFAULT, Limits

_CHUNK_BYTES = 65_536
_MAX_LENGTH_DIGITS = 20
_usual_header = re.compile(rb"Content-Length: (\d{1,20})\r\n\r\n").match


class FramingError(Exception):
    """The byte stream can't be followed any further. The text is the reason, fit for the peer."""


class FrameDecoder:
    """Cuts bytes into frame bodies, with no input or output of its own."""

    def __init__(self, limits: Limits = DEFAULT) -> None:
        self._limits = limits
        self._buffer = bytearray()
        self._start = 0
        self._searched = 0
        self._body_start = -1
        self._size_bytes = 0

    @property
    def waiting_bytes(self) -> int:
        """Bytes that were fed and are in no body yet."""
        return len(self._buffer) - self._start

    def feed(self, data: bytes) -> None:
        """Take bytes as they arrive."""
        if self._start and self._body_start < 0:
            del self._buffer[: self._start]
            self._start = self._searched = 0
        self._buffer += data

    def next(self) -> bytes | None:
        """The next body, or None until more is fed. Raises FramingError."""
        if self._body_start < 0 and not self._read_header():
            return None
        end = self._body_start + self._size_bytes
        if len(self._buffer) < end:
            return None
        body = bytes(memoryview(self._buffer)[self._body_start : end])
        self._body_start = -1
        if len(self._buffer) == end:
            self._buffer.clear()
            end = 0
        self._start = self._searched = end
        return body

    def end(self) -> None:
        """Nothing more will be fed. Raises FramingError when that is inside a frame."""
        if self._body_start >= 0:
            raise FramingError(f"the stream ended inside a frame of {self._size_bytes} bytes")
        if self._buffer[self._start :].strip():
            raise FramingError("the stream ended inside a frame's header")

    def rest(self) -> bytes:
        """The bytes that are in no body yet, which are forgotten."""
        found = bytes(self._buffer[self._start :])
        self._buffer.clear()
        self._start = self._searched = 0
        self._body_start = -1
        return found

    def _read_header(self) -> bool:
        """Find the end of the header block and the size that it announces; False until more is fed."""
        if usual := _usual_header(self._buffer, self._start):
            self._body_start = usual.end()
            self._size_bytes = _checked_size(usual[1], self._limits.frame_bytes)
            return True
        self._skip_blank_lines()
        end = _blank_line_end(self._buffer, max(self._searched, self._start))
        if (len(self._buffer) if end < 0 else end) - self._start > self._limits.header_bytes:
            raise FramingError(f"a frame's header is longer than {self._limits.header_bytes} bytes")
        if end < 0:
            self._searched = max(self._start, len(self._buffer) - 3)
            return False
        header = bytes(self._buffer[self._start : end])
        self._size_bytes = _content_length(header, self._limits.frame_bytes)
        self._body_start = end
        return True

    def _skip_blank_lines(self) -> None:
        while self._start < len(self._buffer) and self._buffer[self._start] in b"\r\n":
            self._start += 1


class FrameReader:
    """Frame bodies from a stream that is asked for bytes."""

    def __init__(self, stream: ByteReceiveStream, limits: Limits = DEFAULT) -> None:
        self._stream = stream
        self._limits = limits
        self._decoder = FrameDecoder(limits)

    async def next(self) -> bytes | None:
        """The next body, or None when the peer closed its side between two frames. Raises FramingError."""
        while (body := self._decoder.next()) is None:
            if not await self._fill():
                self._decoder.end()
                return None
        return body

    def rest(self) -> bytes:
        """The bytes that were read and are in no body yet, which are forgotten."""
        return self._decoder.rest()

    async def _fill(self) -> bool:
        """Feed what arrives; False at the end of the stream. The deadline counts only inside a frame."""
        try:
            if self._decoder.waiting_bytes:
                with anyio.fail_after(self._limits.incomplete_frame_s):
                    self._decoder.feed(await self._stream.receive(_CHUNK_BYTES))
            else:
                self._decoder.feed(await self._stream.receive(_CHUNK_BYTES))
        except (anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError):
            return False
        except TimeoutError:
            raise FramingError(stalled(self._limits)) from None
        return True


def stalled(limits: Limits) -> str:
    """Why a connection is given up that stays silent inside a frame."""
    return f"nothing arrived for {limits.incomplete_frame_s:g} s inside a frame; check its Content-Length"


def _blank_line_end(buffer: bytearray, start: int) -> int:
    """Index after the first blank line (CRLF or LF), or -1. An LF pair also ends a block with mixed line ends."""
    ends = [found + len(mark) for mark in (b"\n\r\n", b"\n\n") if (found := buffer.find(mark, start)) >= 0]
    return min(ends, default=-1)


def _content_length(header: bytes, cap_bytes: int) -> int:
    """The size that a header block announces. Raises FramingError when it names none, several or too large a one."""
    found: set[int] = set()
    for line in header.split(b"\n"):
        name, colon, value = line.partition(b":")
        if not colon or name.strip().lower() != b"content-length":
            continue
        found.add(_checked_size(value.strip(), cap_bytes))
    if len(found) != 1:
        raise FramingError("a frame's header has no Content-Length" if not found else "two Content-Lengths differ")
    return found.pop()


def _checked_size(digits: bytes, cap_bytes: int) -> int:
    if not digits.isdigit() or len(digits) > _MAX_LENGTH_DIGITS:
        raise FramingError("a Content-Length is not a whole number of bytes")
    size_bytes = int(digits)
    if size_bytes > cap_bytes:
        raise FramingError(f"a frame of {size_bytes} bytes is larger than the cap of {cap_bytes} bytes")
    return size_bytes


def frame(body: bytes) -> bytes:
    """A body with its header."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
