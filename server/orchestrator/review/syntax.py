"""The syntax gate: does every changed file still parse."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator import native
from orchestrator.domain.finding import Finding
from orchestrator.review.compare import from_core
from orchestrator.review.python_ast import parse
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
            findings += file_errors(source.path, source.content, report)
        else:
            skipped[source.path] = report.reason or "not checked"
    return findings, Looked(checked_count, skipped)


def file_errors(path: str, content: bytes, report: native.FileReport) -> list[Finding]:
    """The parser's errors of one file; for Python also an indentation that the tolerant parser lets pass."""
    found = [from_core(GATE, path, error) for error in report.findings]
    if not found and native.language_of(path) == "Python":
        found += _indentation_error(path, content)
    return found


def _indentation_error(path: str, content: bytes) -> list[Finding]:
    """A missing or wrong indentation, by Python's own parser.

    Only that: the other errors of this interpreter could be the syntax of a newer one.
    """
    try:
        parse(content)
    except IndentationError as error:
        line = max(0, (error.lineno or 1) - 1)
        text = (error.text or "").strip()[:200]
        return [Finding(GATE, "syntax-error", path, error.msg, start_line=line, end_line=line, text=text)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return []
