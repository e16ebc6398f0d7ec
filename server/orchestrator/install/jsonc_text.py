"""A JSONC text as spans: where each value stands, so that an edit changes those bytes and no others."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from orchestrator.errors import OrchestratorError

_TRIVIA = re.compile(r"(?:[\s\ufeff]+|//[^\r\n]*|/\*.*?\*/)*", re.DOTALL)
_STRING = re.compile(r'"(?:\\.|[^"\\\r\n])*"')
_WORD = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null")
_SAME_LINE = re.compile(r"(?:[ \t]+|/\*(?:(?!\*/)[^\r\n])*\*/)*(?://[^\r\n]*)?")
MAX_DEPTH = 200


@dataclass(slots=True)
class Node:
    """A value between `start` and `end`. `items` are those of a list; `members` name and value of an object.

    `name_start` is where the name of a member stands, else it is `start`.
    """

    start: int
    end: int = 0
    name_start: int = -1
    items: list[Node] | None = None
    members: list[tuple[str, Node]] | None = None
    commas: list[int] = field(default_factory=list[int])


def parse(text: str) -> Node:
    """The root value. Comments and a comma behind the last item are fine. Raises OrchestratorError `broken_jsonc`."""
    reader = _Reader(text)
    root = reader.value(0)
    if reader.skip() != len(text):
        raise reader.broken("something stands behind the end")
    return root


def same_line_end(text: str, offset: int) -> int:
    """Where blanks and comments end that follow on the same line."""
    match = _SAME_LINE.match(text, offset)
    return match.end() if match else offset


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def skip(self) -> int:
        """Go over blanks and comments."""
        match = _TRIVIA.match(self._text, self._at)
        self._at = match.end() if match else self._at
        return self._at

    def broken(self, what: str) -> OrchestratorError:
        line = self._text.count("\n", 0, self._at) + 1
        return OrchestratorError("broken_jsonc", f"line {line}: {what}", "mend the file, then again")

    def value(self, depth: int) -> Node:
        self.skip()
        if depth > MAX_DEPTH:
            raise self.broken("too many levels")
        node = Node(self._at, name_start=self._at)
        match self._peek():
            case "{":
                self._object(node, depth)
            case "[":
                self._list(node, depth)
            case '"':
                self._string()
            case _:
                word = _WORD.match(self._text, self._at)
                if not word:
                    raise self.broken("a value is missing")
                self._at = word.end()
        node.end = self._at
        return node

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _string(self) -> str:
        match = _STRING.match(self._text, self._at)
        if not match:
            raise self.broken("a name or text in double quotes is missing")
        self._at = match.end()
        try:
            return str(json.loads(match[0], strict=False))
        except ValueError:
            raise self.broken("a text can't be read") from None

    def _object(self, node: Node, depth: int) -> None:
        node.members = []
        self._at += 1
        self.skip()
        while self._peek() != "}":
            name_start = self._at
            name = self._string()
            self.skip()
            if self._peek() != ":":
                raise self.broken("':' is missing")
            self._at += 1
            value = self.value(depth + 1)
            value.name_start = name_start
            node.members.append((name, value))
            self._comma(node, "}")
        self._at += 1

    def _list(self, node: Node, depth: int) -> None:
        node.items = []
        self._at += 1
        self.skip()
        while self._peek() != "]":
            node.items.append(self.value(depth + 1))
            self._comma(node, "]")
        self._at += 1

    def _comma(self, node: Node, closing: str) -> None:
        self.skip()
        if self._peek() == ",":
            node.commas.append(self._at)
            self._at += 1
            self.skip()
        elif self._peek() != closing:
            raise self.broken(f"',' or {closing!r} is missing")
