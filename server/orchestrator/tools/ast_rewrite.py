"""ast_rewrite: replace every match of a structural pattern."""

from __future__ import annotations

from pydantic import Field

from orchestrator import native
from orchestrator.tools.arguments import Arguments, Content, Paths, Pattern
from orchestrator.tools.bench import Bench
from orchestrator.tools.limits import MAX_MATCHES
from orchestrator.tools.rewrite_guard import check_rewritten


class AstRewrite(Arguments):
    """An ast-grep pattern and what replaces it, in files of one language below `paths`."""

    pattern: Pattern
    rewrite: Content
    language: str = Field(min_length=1, max_length=40)
    paths: Paths


def ast_rewrite(bench: Bench, arguments: AstRewrite) -> dict[str, object]:
    """Replacements by file. All or nothing: a refused file leaves every file as it was."""
    report = native.ast_match(
        bench.root,
        arguments.pattern,
        arguments.language,
        bench.places(arguments.paths),
        max_matches=MAX_MATCHES,
    )
    changed: dict[str, tuple[bytes, int]] = {}
    for path in sorted({match.path for match in report.matches}):
        bench.check_writable(path)
        before = bench.read(path)
        after, count = native.ast_rewrite(path, before, arguments.pattern, arguments.rewrite, arguments.language)
        if after != before:
            check_rewritten(path, before, after)
            changed[path] = (after, count)
    for path, (after, _) in changed.items():
        bench.write(path, after)
    return {
        "files": [{"path": path, "count": count} for path, (_, count) in changed.items()],
        "replacement_count": sum(count for _, count in changed.values()),
        "is_complete": not report.is_truncated,
    }
