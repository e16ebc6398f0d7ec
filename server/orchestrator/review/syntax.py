"""The syntax gate: does every changed file still parse."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator import native
from orchestrator.domain.finding import Finding
from orchestrator.review.compare import from_core
from orchestrator.review.sources import Looked, Source

GATE = "syntax"


def syntax_findings(sources: Iterable[Source]) -> tuple[list[Finding], Looked]:
    """The parse errors of these files."""
    findings: list[Finding] = []
    skipped: dict[str, str] = {}
    checked_count = 0
    for source in sources:
        report = native.syntax_errors(source.path, source.content)
        if report.status == "checked":
            checked_count += 1
            findings += [from_core(GATE, source.path, found) for found in report.findings]
        else:
            skipped[source.path] = report.reason or "not checked"
    return findings, Looked(checked_count, skipped)
