"""Where the keys and values of a JSONC text stand, so that an error can name a line."""

from __future__ import annotations

import re

KeyPath = tuple[str | int, ...]
_TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)"""
    r"""|(?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
    r"""|(?P<mark>[{}\[\]:,])"""
    r"""|(?P<word>[^\s{}\[\]:,"'/]+)""",
    re.DOTALL,
)


def key_lines(text: str) -> dict[KeyPath, int]:
    """One-based lines of all keys and list items of a well-formed JSONC text, by their path from the root."""
    lines: dict[KeyPath, int] = {}
    path: list[str | int] = []
    is_key_next = False
    line, seen = 1, 0
    for token in _TOKEN.finditer(text):
        line += text.count("\n", seen, token.start())
        seen = token.start()
        if token.lastgroup == "comment":
            continue
        mark = token.group()
        if mark == ":":
            is_key_next = False
        elif mark == ",":
            _step(path)
            is_key_next = bool(path) and isinstance(path[-1], str)
        elif mark in "{[":
            lines.setdefault(tuple(path), line)
            path.append("" if mark == "{" else 0)
            is_key_next = mark == "{"
        elif mark in "}]":
            del path[-1:]
            is_key_next = False
        elif is_key_next and path:
            path[-1] = mark.strip("\"'")
            lines[tuple(path)] = line
        else:
            lines.setdefault(tuple(path), line)
    return lines


def _step(path: list[str | int]) -> None:
    """Move to the next item of the innermost list."""
    if path and isinstance(path[-1], int):
        path[-1] += 1
