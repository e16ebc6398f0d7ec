"""grep: lines that match a pattern."""

from __future__ import annotations

from pydantic import Field

from orchestrator import native
from orchestrator.tools.arguments import Arguments, Pattern
from orchestrator.tools.bench import Bench
from orchestrator.tools.limits import DEFAULT_MATCHES, MAX_MATCHES


class Grep(Arguments):
    """What to look for, and in which files (`globs`; none means all)."""

    pattern: Pattern
    is_regex: bool = True
    is_case_sensitive: bool = True
    globs: list[Pattern] = Field(default_factory=list, max_length=100)
    max_matches: int = Field(default=DEFAULT_MATCHES, ge=1, le=MAX_MATCHES)


def grep(bench: Bench, arguments: Grep) -> dict[str, object]:
    """Matches with one-based lines; `is_cut` when there are more."""
    report = native.grep(
        bench.root,
        [arguments.pattern],
        is_regex=arguments.is_regex,
        is_case_sensitive=arguments.is_case_sensitive,
        globs=arguments.globs,
        max_matches=arguments.max_matches,
    )
    return {
        "matches": [{"path": match.path, "line": match.line + 1, "text": match.text} for match in report.matches],
        "searched_count": report.searched_count,
        "is_cut": report.is_truncated,
    }
