"""lint: the guardian's findings, counted by rule and by file."""

from __future__ import annotations

from collections import Counter

from pydantic import Field

from orchestrator import native
from orchestrator.tools.arguments import Arguments, Paths
from orchestrator.tools.bench import Bench
from orchestrator.tools.limits import DEFAULT_FINDINGS_SHOWN, MAX_FINDINGS_SHOWN


class Lint(Arguments):
    """Files or folders (none means all); `max_findings` bounds the list, not the counts."""

    paths: Paths | None = None
    max_findings: int = Field(default=DEFAULT_FINDINGS_SHOWN, ge=0, le=MAX_FINDINGS_SHOWN)


def lint(bench: Bench, arguments: Lint) -> dict[str, object]:
    """Counts (`fixable` ones have a safe fix) by rule and by file, and the first findings with one-based lines."""
    report = native.lint_paths(native.RuleSet.builtin(), bench.root, bench.places(arguments.paths))
    by_rule = Counter(finding.rule_id for finding in report.findings)
    by_file = Counter(finding.path for finding in report.findings)
    fixable = [finding for finding in report.findings if is_safely_fixable(finding)]
    fixable_by_rule = Counter(finding.rule_id for finding in fixable)
    fixable_by_file = Counter(finding.path for finding in fixable)
    shown = report.findings[: arguments.max_findings]
    return {
        "finding_count": len(report.findings),
        "fixable_count": len(fixable),
        "checked_count": report.checked_count,
        "rules": [{"rule": r, "count": n, "fixable": fixable_by_rule[r]} for r, n in sorted(by_rule.items())],
        "files": [{"path": p, "count": n, "fixable": fixable_by_file[p]} for p, n in sorted(by_file.items())],
        "findings": [
            {
                "path": finding.path,
                "line": finding.start_line + 1,
                "rule": finding.rule_id,
                "message": finding.message,
                "is_fixable": is_safely_fixable(finding),
            }
            for finding in shown
        ],
        "is_cut": report.is_truncated or len(report.findings) > len(shown),
    }


def is_safely_fixable(finding: native.Finding) -> bool:
    """Whether the rule brings a fix that it calls safe."""
    return finding.is_safe_fix and finding.replacement is not None
