"""Time and names from outside, so that tests can fix both. Waiting is anyio's business."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Wall-clock time."""

    def now_s(self) -> float:
        """Unix time in seconds."""
        ...


class Ids(Protocol):
    """Fresh identifiers."""

    def new(self, prefix: str) -> str:
        """A name that this workspace never used, such as "m-3f9a…"; lower-case letters, digits and dashes."""
        ...
