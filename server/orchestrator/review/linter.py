"""The parser and the guardian over a text in memory, for editors."""

from __future__ import annotations

from orchestrator import native
from orchestrator.domain.finding import Finding
from orchestrator.domain.words import Verdict
from orchestrator.ports.linter import Fix, LintedText
from orchestrator.review import guardian, syntax
from orchestrator.review.compare import from_core


class GuardianLinter:
    """Implements `ports.linter.Linter` over a rule set, by default the built-in one. Immutable, thread-safe."""

    def __init__(self, rules: native.RuleSet | None = None) -> None:
        """Keep the rules; `guardian.load_rules` gives those of a workspace."""
        self._rules = rules if rules is not None else native.RuleSet.builtin()

    def lint(self, path: str, source: bytes) -> LintedText:
        """Parse errors first, then the findings of the rules, each with the replacement that its rule offers."""
        parsed = native.syntax_errors(path, source)
        linted = native.lint_text(self._rules, path, source)
        if parsed.status != "checked" and linted.status != "checked":
            return LintedText(Verdict.NOT_CHECKED, parsed.reason or linted.reason or "not checked", ())
        found: list[tuple[Finding, Fix | None]] = []
        if parsed.status == "checked":
            found += [(error, None) for error in syntax.file_errors(path, source, parsed)]
        found += [(from_core(guardian.GATE, path, finding), _fix(finding)) for finding in linted.findings]
        return LintedText(Verdict.FAILED if found else Verdict.CLEAN, "", tuple(found))


def _fix(finding: native.Finding) -> Fix | None:
    if finding.replacement is None or finding.fix_start_byte is None or finding.fix_end_byte is None:
        return None
    return Fix(finding.fix_start_byte, finding.fix_end_byte, finding.replacement, finding.is_safe_fix)
