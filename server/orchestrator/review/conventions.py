"""Conventions of the base, and what changed files do in another way.

They are learned from the base's tree alone, so that no worker can shift them. What refuses a change is decided by the
core: habits for which nothing but taste speaks, kept by nearly all code (docs/conventions.md); the others are told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from orchestrator import native
from orchestrator.domain.finding import Finding
from orchestrator.review.compare import MESSAGE_CHARACTERS, TEXT_CHARACTERS
from orchestrator.review.guardian import GATE
from orchestrator.review.sources import Source

MAX_SENTENCES = 12


def learn(root: str) -> native.Conventions:
    """The conventions of a tree. Parses every file once: some milliseconds each; call it in a thread."""
    return native.Conventions.learn(root)


def deviations(conventions: native.Conventions, sources: Iterable[Source], gone: Sequence[str]) -> list[Finding]:
    """What these files do unlike the rest, and did not do before; findings of the guardian gate.

    `gone` are the base's paths that no longer exist: a file that was moved brings its deviations along.
    """
    found: list[Finding] = []
    for source in sources:
        found += [_finding(source.path, one) for one in conventions.judge(source.path, source.content, gone) or ()]
    return found


def describe(conventions: native.Conventions) -> list[str]:
    """The conventions of the whole repository as short sentences for a brief, the best proven first."""
    everywhere = [found for found in conventions.all() if not found.folder]
    everywhere.sort(key=lambda found: -found.limit)
    return [found.sentence for found in everywhere[:MAX_SENTENCES]]


def _finding(path: str, found: native.Deviation) -> Finding:
    return Finding(
        gate=GATE,
        rule=f"convention/{found.habit}",
        path=path,
        message=found.message[:MESSAGE_CHARACTERS],
        severity=found.severity,
        start_line=found.start_line,
        start_column=found.start_column,
        end_line=found.end_line,
        end_column=found.end_column,
        text=found.text[:TEXT_CHARACTERS],
    )
