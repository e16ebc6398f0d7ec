"""Positions in a text: LSP's (line, code units of the agreed encoding), ours (line, code points), and offsets.

LSP ends a line at CRLF, LF or CR; findings count lines by LF alone. Both go through an offset into the text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from orchestrator.rpc.initialize import PositionEncoding

_LSP_END = re.compile(r"\r\n|\n|\r")
_LF_END = re.compile(r"\n")

Position = tuple[int, int]
"""Zero-based line and column."""


class TextMap:
    """Converts positions within one text. Offsets count code points; positions past an end are moved to it."""

    def __init__(self, text: str, encoding: PositionEncoding) -> None:
        self.text = text
        self._encoding: PositionEncoding = encoding
        self._lsp_starts = [0, *(m.end() for m in _LSP_END.finditer(text))]
        self._is_plain = "\r" not in text
        self._lf_starts = self._lsp_starts if self._is_plain else [0, *(m.end() for m in _LF_END.finditer(text))]

    def offset_of_lsp(self, line: int, character: int) -> int:
        """The offset of an LSP position."""
        start, end = self._bounds(line)
        content = self.text[start:end].rstrip("\r\n")
        return start + points(content, character, self._encoding)

    def offset_of_point(self, line: int, column: int) -> int:
        """The offset of a finding's position (lines by LF, columns in code points)."""
        if line >= len(self._lf_starts):
            return len(self.text)
        return min(self._lf_starts[line] + column, len(self.text))

    def lsp_at(self, offset: int) -> Position:
        """The LSP position of an offset."""
        line = bisect_right(self._lsp_starts, offset) - 1
        return line, units(self.text[self._lsp_starts[line] : offset], self._encoding)

    def lsp_of_point(self, line: int, column: int) -> Position:
        """The LSP position of a finding's position."""
        return self.lsp_at(self.offset_of_point(line, column))

    def _bounds(self, line: int) -> tuple[int, int]:
        starts: Sequence[int] = self._lsp_starts
        if line >= len(starts):
            return len(self.text), len(self.text)
        return starts[line], starts[line + 1] if line + 1 < len(starts) else len(self.text)


def units(text: str, encoding: PositionEncoding) -> int:
    """Length of a text in code units of the encoding."""
    if text.isascii():
        return len(text)
    if encoding == "utf-8":
        return len(text.encode("utf-8", "surrogatepass"))
    if encoding == "utf-32":
        return len(text)
    return len(text) + sum(1 for char in text if ord(char) > 0xFFFF)


def points(text: str, count: int, encoding: PositionEncoding) -> int:
    """How many code points of a line the first `count` code units hold; a unit inside a code point rounds down."""
    if text.isascii():
        return min(count, len(text))
    left = count
    for index, char in enumerate(text):
        left -= units(char, encoding)
        if left < 0:
            return index
    return len(text)
