"""ast_search: source that matches a structural pattern."""

from __future__ import annotations

from collections import Counter

from pydantic import Field

from orchestrator import native
from orchestrator.tools.arguments import Arguments, Paths, Pattern
from orchestrator.tools.bench import Bench
from orchestrator.tools.limits import DEFAULT_MATCHES, MAX_MATCHES


class AstSearch(Arguments):
    """An ast-grep pattern such as "foo($A)", in files of one language below `paths` (none means all)."""

    pattern: Pattern
    language: str = Field(min_length=1, max_length=40)
    paths: Paths | None = None
    max_matches: int = Field(default=DEFAULT_MATCHES, ge=0, le=MAX_MATCHES)


def ast_search(bench: Bench, arguments: AstSearch) -> dict[str, object]:
    """Matches with one-based lines (at most `max_matches`) and the number of matches in each file."""
    paths = bench.places(arguments.paths)
    report = native.ast_match(bench.root, arguments.pattern, arguments.language, paths, max_matches=MAX_MATCHES)
    counts = Counter(match.path for match in report.matches)
    shown = report.matches[: arguments.max_matches]
    return {
        "matches": [{"path": m.path, "line": m.start_line + 1, "text": m.text[:500]} for m in shown],
        "files": [{"path": path, "count": count} for path, count in sorted(counts.items())],
        "match_count": len(report.matches),
        "checked_count": report.checked_count,
        "is_cut": report.is_truncated or len(report.matches) > len(shown),
        "is_complete": not report.is_truncated,
    }
