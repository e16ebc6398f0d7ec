"""fix_findings: apply the guardian's safe fixes until nothing changes any more."""

from __future__ import annotations

from dataclasses import dataclass, field

from orchestrator import native
from orchestrator.tools.arguments import Arguments, Paths
from orchestrator.tools.bench import Bench
from orchestrator.tools.limits import MAX_FIX_ROUNDS
from orchestrator.tools.lint import is_safely_fixable
from orchestrator.tools.rewrite_guard import check_rewritten


class FixFindings(Arguments):
    """Files (not folders) to mend."""

    paths: Paths


def fix_findings(bench: Bench, arguments: FixFindings) -> dict[str, object]:
    """Fixes by file, the rules they answer, and how many safe fixes are left after the rounds. All or nothing."""
    pack = native.RuleSet.builtin()
    rules: set[str] = set()
    changed: dict[str, tuple[bytes, int]] = {}
    left_count = 0
    for path in arguments.paths:
        bench.check_writable(path)
        before = bench.read(path)
        mended = _mend(pack, path, before)
        left_count += mended.left_count
        if mended.source != before:
            check_rewritten(path, before, mended.source)
            changed[path] = (mended.source, mended.fixed_count)
            rules |= mended.rules
    for path, (after, _) in changed.items():
        bench.write(path, after)
    return {
        "files": [{"path": path, "count": count} for path, (_, count) in changed.items()],
        "rules": sorted(rules),
        "fixed_count": sum(count for _, count in changed.values()),
        "left_count": left_count,
    }


@dataclass(slots=True)
class _Mended:
    source: bytes
    fixed_count: int = 0
    left_count: int = 0
    rules: set[str] = field(default_factory=set[str])


def _mend(pack: native.RuleSet, path: str, source: bytes) -> _Mended:
    """The source after at most MAX_FIX_ROUNDS rounds: a fix that overlaps another waits for the next round."""
    mended = _Mended(source)
    for _ in range(MAX_FIX_ROUNDS):
        safe = _safe(pack, path, mended.source)
        if not safe:
            return mended
        after, applied, _skipped = native.apply_fixes(mended.source, safe)
        if not applied or after == mended.source:
            break
        mended.source = after
        mended.fixed_count += applied
        mended.rules |= {finding.rule_id for finding in safe}
    mended.left_count = len(_safe(pack, path, mended.source))
    return mended


def _safe(rules: native.RuleSet, path: str, source: bytes) -> list[native.Finding]:
    return [finding for finding in native.lint_text(rules, path, source).findings if is_safely_fixable(finding)]
