"""Framing: `Content-Length` frames over any byte stream.

Tolerant in what it reads (header names in any case, bare line feeds, unknown headers, blank lines before a frame), but
bounded: an announced size is checked before a byte of it is kept, and memory grows only with bytes that arrived.
"""

from __future__ import annotations

import anyio
from anyio.abc import ByteReceiveStream

from orchestrator.rpc.limits import DEFAULT, Limits

_CHUNK_BYTES = 65_536
_MAX_LENGTH_DIGITS = 20


class FramingError(Exception):
    """The byte stream can't be followed any further. The text is the reason, fit for the peer."""


class FrameReader:
    """Cuts a byte stream into frame bodies."""

    def __init__(self, stream: ByteReceiveStream, limits: Limits = DEFAULT) -> None:
        self._stream = stream
        self._limits = limits
        self._buffer = bytearray()

    @property
    def has_more(self) -> bool:
        """Whether bytes wait that `next` may answer without waiting itself."""
        return bool(self._buffer)

    async def next(self) -> bytes | None:
        """The next body, or None when the peer closed its side between two frames. Raises FramingError."""
        end = await self._header_end()
        if end is None:
            return None
        size_bytes = _content_length(bytes(self._buffer[:end]), self._limits.frame_bytes)
        while len(self._buffer) < end + size_bytes:
            if not await self._fill():
                raise FramingError(f"the stream ended inside a frame of {size_bytes} bytes")
        body = bytes(self._buffer[end : end + size_bytes])
        del self._buffer[: end + size_bytes]
        return body

    async def _header_end(self) -> int | None:
        """Index of the first byte after the header block; None at a clean end of the stream."""
        searched = 0
        while True:
            self._skip_blank_lines()
            end = _blank_line_end(self._buffer, searched)
            if (len(self._buffer) if end < 0 else end) > self._limits.header_bytes:
                raise FramingError(f"a frame's header is longer than {self._limits.header_bytes} bytes")
            if end >= 0:
                return end
            searched = max(0, len(self._buffer) - 3)
            if not await self._fill():
                if self._buffer.strip():
                    raise FramingError("the stream ended inside a frame's header")
                return None

    def _skip_blank_lines(self) -> None:
        blank = 0
        while blank < len(self._buffer) and self._buffer[blank] in b"\r\n":
            blank += 1
        if blank:
            del self._buffer[:blank]

    async def _fill(self) -> bool:
        """Append what arrives; False at the end of the stream. The deadline counts only inside a frame."""
        try:
            if self._buffer:
                with anyio.fail_after(self._limits.incomplete_frame_s):
                    self._buffer += await self._stream.receive(_CHUNK_BYTES)
            else:
                self._buffer += await self._stream.receive(_CHUNK_BYTES)
        except (anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError):
            return False
        except TimeoutError:
            raise FramingError(
                f"nothing arrived for {self._limits.incomplete_frame_s:g} s inside a frame; check its Content-Length"
            ) from None
        return True


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
        digits = value.strip()
        if not digits.isdigit() or len(digits) > _MAX_LENGTH_DIGITS:
            raise FramingError("a Content-Length is not a whole number of bytes")
        found.add(int(digits))
    if len(found) != 1:
        raise FramingError("a frame's header has no Content-Length" if not found else "two Content-Lengths differ")
    size_bytes = found.pop()
    if size_bytes > cap_bytes:
        raise FramingError(f"a frame of {size_bytes} bytes is larger than the cap of {cap_bytes} bytes")
    return size_bytes


def frame(body: bytes) -> bytes:
    """A body with its header."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
