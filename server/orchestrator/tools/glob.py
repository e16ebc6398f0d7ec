"""glob: files whose path matches a pattern."""

from __future__ import annotations

from pydantic import Field

from orchestrator.tools.arguments import Arguments, Pattern
from orchestrator.tools.bench import Bench
from orchestrator.tools.limits import DEFAULT_LISTED_FILES, MAX_LISTED_FILES
from orchestrator.tools.search_files import file_list


class Glob(Arguments):
    """Patterns such as "src/**/*.py"; a file that matches any is listed."""

    patterns: list[Pattern] = Field(min_length=1, max_length=100)
    max_files: int = Field(default=DEFAULT_LISTED_FILES, ge=1, le=MAX_LISTED_FILES)


def glob(bench: Bench, arguments: Glob) -> dict[str, object]:
    """Paths in order; `is_cut` when there are more."""
    paths, is_cut = file_list(bench.root).glob(arguments.patterns, max_files=arguments.max_files)
    return {"paths": paths, "is_cut": is_cut}
