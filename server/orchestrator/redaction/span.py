"""A secret's place in a text."""

from __future__ import annotations

from typing import NamedTuple


class Span(NamedTuple):
    """Bytes from `start` to before `end` are a secret of this kind."""

    start: int
    end: int
    kind: str
