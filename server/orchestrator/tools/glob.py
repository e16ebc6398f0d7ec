"""glob: files whose path matches a pattern."""

from __future__ import annotations

from pydantic import Field

from orchestrator import native
from orchestrator.tools.arguments import Arguments, Pattern
from orchestrator.tools.bench import Bench
from orchestrator.tools.limits import DEFAULT_LISTED_FILES, MAX_LISTED_FILES


class Glob(Arguments):
    """Patterns such as "src/**/*.py"; a file that matches any is listed."""

    patterns: list[Pattern] = Field(min_length=1, max_length=100)
    max_files: int = Field(default=DEFAULT_LISTED_FILES, ge=1, le=MAX_LISTED_FILES)


def glob(bench: Bench, arguments: Glob) -> dict[str, object]:
    """Paths in order; `is_cut` when there are more."""
    report = native.glob(bench.root, arguments.patterns, max_files=arguments.max_files)
    return {"paths": [file.path for file in report.files], "is_cut": report.is_truncated}
