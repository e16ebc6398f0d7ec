"""Cutting an answer into the pieces of a stream."""

from __future__ import annotations

from collections.abc import Iterator


def pieces(text: str, size: int) -> Iterator[str]:
    """The text in pieces of at most `size` characters."""
    for start in range(0, len(text), size):
        yield text[start : start + size]
