"""Where the fields of a JSON or JSONC text stand, so that an error can name a line."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

FieldPath = tuple[int | str, ...]
"""Keys and list positions from the root."""

_TOKEN = re.compile(
    r"""(?P<skip>\s+|//[^\n]*|/\*.*?\*/)
      | (?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
      | (?P<mark>[{}\[\]:,])
      | (?P<word>[^\s{}\[\]:,"'/]+|.)""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    offset: int


class FieldLines:
    """One-based lines and columns of every field of a text that parses.

    `duplicates` are the keys that stand a second time in their object, each with the place of the second.
    """

    def __init__(self, text: str) -> None:
        """Read the text once."""
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._tokens = list(_tokens(text))
        self._at = 0
        self._offsets: dict[FieldPath, int] = {}
        self.duplicates: dict[FieldPath, tuple[int, int]] = {}
        if self._tokens:
            self._value(())

    def line(self, field: FieldPath) -> int:
        """The line of a field, or of the nearest field around it that stands in the text."""
        return self.position(field)[0]

    def position(self, field: FieldPath) -> tuple[int, int]:
        """Line and column of a field, or of the nearest field around it that stands in the text."""
        path = field
        while path and path not in self._offsets:
            path = path[:-1]
        return self._place(self._offsets.get(path, 0))

    def _place(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def _peek(self) -> str:
        return self._tokens[self._at].text if self._at < len(self._tokens) else ""

    def _value(self, path: FieldPath) -> None:
        if self._at >= len(self._tokens):
            return
        self._offsets.setdefault(path, self._tokens[self._at].offset)
        opening = self._peek()
        self._at += 1
        if opening == "{":
            self._members(path)
        elif opening == "[":
            self._items(path)

    def _members(self, path: FieldPath) -> None:
        seen: set[str] = set()
        while self._peek() not in {"}", ""}:
            name = _unquote(self._peek())
            offset = self._tokens[self._at].offset
            if name in seen:
                self.duplicates[(*path, name)] = self._place(offset)
            seen.add(name)
            self._offsets[(*path, name)] = offset
            self._at += 1
            if self._peek() == ":":
                self._at += 1
            self._value((*path, name))
            if self._peek() == ",":
                self._at += 1
        self._at += 1

    def _items(self, path: FieldPath) -> None:
        index = 0
        while self._peek() not in {"]", ""}:
            self._value((*path, index))
            index += 1
            if self._peek() == ",":
                self._at += 1
        self._at += 1


def _tokens(text: str) -> Iterator[_Token]:
    for match in _TOKEN.finditer(text):
        if match.lastgroup != "skip":
            yield _Token(match.group(), match.start())


def _unquote(key: str) -> str:
    if key.startswith('"'):
        try:
            return str(json.loads(key))
        except ValueError:
            pass  # JSON5 knows more escapes than JSON; the simple ones are undone below
    if key[:1] in {'"', "'"}:
        return re.sub(r"\\(.)", r"\1", key[1:-1])
    return key
