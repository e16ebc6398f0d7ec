"""grep: lines that match one of several patterns."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from orchestrator import native
from orchestrator.tools.arguments import Arguments, Pattern
from orchestrator.tools.bench import Bench
from orchestrator.tools.limits import DEFAULT_MATCHES, MAX_MATCHES
from orchestrator.tools.search_files import file_list

_MAX_SKIPPED_SHOWN = 20


class Grep(Arguments):
    """What to look for (`pattern`, or `patterns` for several in one pass), and in which files (none means all).

    `context_lines` asks for lines around each match; `encoding` is for files that are not UTF-8 and have no byte order
    mark.
    """

    pattern: Pattern | None = None
    patterns: Annotated[list[Pattern], Field(max_length=100)] = Field(default_factory=list)
    is_regex: bool = True
    is_case_sensitive: bool = True
    globs: list[Pattern] = Field(default_factory=list, max_length=100)
    context_lines: int = Field(default=0, ge=0, le=20)
    encoding: str | None = Field(default=None, max_length=40)
    max_matches: int = Field(default=DEFAULT_MATCHES, ge=1, le=MAX_MATCHES)

    @model_validator(mode="after")
    def _has_one(self) -> Grep:
        if (self.pattern is None) == (not self.patterns):
            raise ValueError("give either pattern or patterns")
        return self


def grep(bench: Bench, arguments: Grep) -> dict[str, object]:
    """Matches with one-based lines; `is_cut` when there are more, `skipped` for files that were not searched."""
    patterns = arguments.patterns or [arguments.pattern or ""]
    report = file_list(bench.root).grep(
        patterns,
        is_regex=arguments.is_regex,
        is_case_sensitive=arguments.is_case_sensitive,
        globs=arguments.globs,
        context_lines=arguments.context_lines,
        encoding=arguments.encoding,
        max_matches=arguments.max_matches,
    )
    result: dict[str, object] = {
        "matches": [_shown(match, patterns) for match in report.matches],
        "searched_count": report.searched_count,
        "skipped_count": len(report.skipped),
        "skipped": [{"path": one.path, "reason": one.reason} for one in report.skipped[:_MAX_SKIPPED_SHOWN]],
        "is_cut": report.is_truncated,
    }
    if arguments.context_lines:
        result["context"] = [{"path": one.path, "line": one.line + 1, "text": one.text} for one in report.context]
    return result


def _shown(match: native.GrepMatch, patterns: list[str]) -> dict[str, object]:
    shown: dict[str, object] = {"path": match.path, "line": match.line + 1, "text": match.text}
    return shown | {"pattern": patterns[match.pattern_index]} if len(patterns) > 1 else shown
