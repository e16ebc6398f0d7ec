"""Findings for one text, as an editor needs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from orchestrator.domain.finding import Finding
from orchestrator.domain.words import Verdict


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


class Linter(Protocol):
    """The guardian and the parser over a text in memory. Thread-safe, takes milliseconds, releases the GIL."""

    def lint(self, path: str, source: bytes) -> LintedText:
        """Lint a text as if it stood at this relative path."""
        ...
