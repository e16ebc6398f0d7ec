"""Redacting output that comes in pieces: a secret may be cut between two of them."""

from __future__ import annotations

from orchestrator.redaction import pem
from orchestrator.redaction.replacing import redact_bytes

MAX_HELD_BYTES = 65_536
"""How much is held back at most while a line or a key has no end yet."""
_OVERLAP_BYTES = 4_096
"""How much of an endless line is looked at again together with what follows."""


class Redactor:
    """Takes pieces, gives back what is certain: whole lines, and never half of a private key.

    A line above `MAX_HELD_BYTES` is given in parts that are cut between words, where there are any.
    """

    def __init__(self, own: tuple[bytes, ...] | None = None) -> None:
        """`own` are exact values to take out, by default those of this process's environment."""
        self._own = own
        self._held = bytearray()
        self._is_in_key = False
        self.count = 0

    def feed(self, piece: bytes) -> bytes:
        """Take the next piece; what can be given on now."""
        self._held += piece
        if b"\n" not in piece and len(self._held) <= MAX_HELD_BYTES:
            return b""
        data = bytes(self._held)
        cut = self._cut(data)
        del self._held[:cut]
        return self._redacted(data[:cut])

    def close(self) -> bytes:
        """The rest. The redactor can then begin anew."""
        given = self._redacted(bytes(self._held))
        self._held.clear()
        self._is_in_key = False
        return given

    def _cut(self, data: bytes) -> int:
        """Up to where the data can be judged now."""
        cut = data.rfind(b"\n") + 1
        begin = pem.is_open(data[:cut]) if cut else -1
        if begin >= 0:
            cut = begin
        if len(data) - cut <= MAX_HELD_BYTES:
            return cut
        if begin >= 0:
            # A key longer than any: what has come is taken out, and its further lines are as they come.
            return data.rfind(b"\n") + 1
        end = len(data) - _OVERLAP_BYTES
        between = max(data.rfind(mark, cut, end) for mark in (b" ", b"\t", b",", b";"))
        return between + 1 if between > cut else end

    def _redacted(self, data: bytes) -> bytes:
        if not data:
            return data
        start = self._rest_of_key(data) if self._is_in_key else 0
        self._is_in_key = (self._is_in_key and start == len(data)) or pem.is_open(data) >= 0
        found = redact_bytes(data[start:], self._own)
        self.count += found.count
        return found.data

    def _rest_of_key(self, data: bytes) -> int:
        """How much of the data belongs to a key that was taken out already."""
        position = 0
        for line in data.splitlines(keepends=True):
            end = pem.end_of_key(line)
            if end:
                return position + end
            if not pem.continues(line):
                return position
            position += len(line)
        return position
