"""diagnostics: what is wrong in some files now, by place: syntax, style, and names that do not exist."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from orchestrator import native
from orchestrator.tools.arguments import Arguments, Paths
from orchestrator.tools.bench import Bench
from orchestrator.tools.limits import DEFAULT_FINDINGS_SHOWN, MAX_FILE_BYTES, MAX_FINDINGS_SHOWN

_SEVERITIES = ("error", "warning", "info", "hint")


class Diagnostics(Arguments):
    """Files to look at. Names are looked up in the whole tree."""

    paths: Paths
    max_findings: int = Field(default=DEFAULT_FINDINGS_SHOWN, ge=1, le=MAX_FINDINGS_SHOWN)


def diagnostics(bench: Bench, arguments: Diagnostics) -> dict[str, object]:
    """Findings with one-based lines, errors first; `not_checked` names files that nothing here can judge."""
    paths = bench.places(arguments.paths) or [file.path for file in native.walk(bench.root).files]
    index = bench.symbols.of(bench.root)
    wanted = frozenset(paths)
    found = [item for path in paths for item in _in_file(bench, path)]
    found += [
        _finding(item.path, item.start_line, item.rule, item.severity, item.message)
        for item in index.check()
        if item.path in wanted
    ]
    found.sort(key=lambda item: (_SEVERITIES.index(str(item["severity"])), str(item["path"]), int(str(item["line"]))))
    shown = found[: arguments.max_findings]
    return {
        "findings": shown,
        "finding_count": len(found),
        "is_cut": len(found) > len(shown),
        "not_checked": [path for path in paths if native.language_of(path) is None],
    }


def _in_file(bench: Bench, path: str) -> Iterator[dict[str, object]]:
    if native.language_of(path) is None:
        return
    source = bench.files.read(path, max_bytes=MAX_FILE_BYTES)
    for finding in native.syntax_errors(path, source).findings:
        yield _finding(path, finding.start_line, finding.rule_id, "error", finding.message)
    for finding in native.lint_text(native.RuleSet.builtin(), path, source).findings:
        yield _finding(path, finding.start_line, finding.rule_id, finding.severity, finding.message)


def _finding(path: str, line: int, rule: str, severity: str, message: str) -> dict[str, object]:
    return {"path": path, "line": line + 1, "rule": rule, "severity": severity, "message": message}
