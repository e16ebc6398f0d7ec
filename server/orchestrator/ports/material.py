"""What of a repository a session should see before it begins."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Guidance:
    """A file in which the project tells agents how to work; its folder says where it holds."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A piece of a file with the one-based line that it begins at, and why it is shown."""

    path: str
    line: int
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Material:
    """The most relevant first; `left_out` counts excerpts that found no room."""

    guidance: tuple[Guidance, ...] = ()
    excerpts: tuple[Excerpt, ...] = ()
    habits: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    left_out: int = 0
