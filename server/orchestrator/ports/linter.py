"""Findings for one text, as an editor needs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from orchestrator.domain.finding import Finding
from orchestrator.domain.words import Verdict

Encoding = Literal["utf-8", "utf-16", "utf-32"]
"""What a client counts columns in."""

Range = tuple[int, int, int, int]
"""Start line, start column, end line, end column: zero-based, columns as the client counts."""

Change = tuple[Range | None, str]
"""What a range of a text is replaced by; None is the whole text."""


@dataclass(frozen=True, slots=True)
class Fix:
    """A replacement for [start_byte, end_byte) of the UTF-8 source; `is_safe` when it can't change behaviour."""

    start_byte: int
    end_byte: int
    replacement: str
    is_safe: bool


@dataclass(frozen=True, slots=True)
class LintedText:
    """What the guardian says of one text. `verdict` is NOT_CHECKED (with a `reason`) for unknown languages."""

    verdict: Verdict
    reason: str
    findings: tuple[tuple[Finding, Fix | None], ...]


@dataclass(frozen=True, slots=True)
class PlacedFix:
    """A replacement where the client has it. `title` says what it does where a rule offers several, else ""."""

    range: Range
    replacement: str
    is_safe: bool
    title: str = ""


@dataclass(frozen=True, slots=True)
class PlacedFinding:
    """A finding where the client has it, with the fixes to choose from, and where more is written about the rule."""

    finding: Finding
    range: Range
    fixes: tuple[PlacedFix, ...] = ()
    url: str | None = None


@dataclass(frozen=True, slots=True)
class TextState:
    """What was found in one state of an open text."""

    verdict: Verdict
    reason: str
    findings: tuple[PlacedFinding, ...]


class OpenText(Protocol):
    """A text that is edited. Thread-safe; a change never waits for a lint that runs."""

    @property
    def text(self) -> str:
        """The text as it is now."""
        ...

    def change(self, changes: Sequence[Change]) -> None:
        """Apply changes in order. Positions behind an end mean the end."""
        ...

    def lint(self) -> TextState:
        """Findings in the text as it is now, in some milliseconds, without the GIL."""
        ...

    def cancel(self) -> None:
        """End a lint that runs: its result is not wanted any more; the state then says NOT_CHECKED."""
        ...


class FixSearch(Protocol):
    """A look for fixes. Thread-safe."""

    def run(self) -> dict[str, list[PlacedFix]]:
        """The fixes by relative path. Takes as long as a lint of the whole workspace; of no use after `cancel`."""
        ...

    def cancel(self) -> None:
        """End a run as soon as it looks: its result is not wanted any more."""
        ...


class Linter(Protocol):
    """The guardian and the parser over texts in memory. Thread-safe, takes milliseconds, releases the GIL."""

    def lint(self, path: str, source: bytes) -> LintedText:
        """Lint a text as if it stood at this relative path."""
        ...

    def open(self, path: str, text: str, encoding: Encoding) -> OpenText:
        """Begin with a text that will be edited."""
        ...

    def at(self, root: Path) -> tuple[Linter, Sequence[str]]:
        """The linter with a workspace's own rules on top; and what is wrong with those."""
        ...

    def fixes(self, root: Path, rule: str, encoding: Encoding, texts: Mapping[str, str]) -> FixSearch:
        """Fixes of one rule in all files of a workspace; `texts`, by relative path, stand for those on disk."""
        ...
