"""The parser and the guardian over texts in memory, for editors."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from orchestrator import native
from orchestrator.domain.finding import Finding, web_address
from orchestrator.domain.words import Verdict
from orchestrator.ports.linter import (
    Change,
    Encoding,
    Fix,
    LintedText,
    PlacedFinding,
    PlacedFix,
    Range,
    TextState,
)
from orchestrator.review import guardian, syntax
from orchestrator.review.compare import from_core
from orchestrator.review.files import read_regular

MAX_FIXED_FILES = 1_000
"""Most files that one "fix all in the workspace" touches."""


class GuardianLinter:
    """Implements `ports.linter.Linter` over a rule set, by default the built-in one. Immutable, thread-safe."""

    def __init__(self, rules: native.RuleSet | None = None) -> None:
        """Keep the rules."""
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

    def open(self, path: str, text: str, encoding: Encoding) -> GuardedText:
        """An incremental text."""
        return GuardedText(self._rules, path, native.OpenText(path, text, encoding))

    def at(self, root: Path) -> tuple[GuardianLinter, Sequence[str]]:
        """The built-in rules with those of the workspace's `sgconfig.yml` on top, which may replace built-in ones."""
        own, problems = guardian.own_rules(str(root))
        if own is None:
            return GuardianLinter(), problems
        return GuardianLinter(native.RuleSet.builtin().merged(own)), problems

    def fixes(self, root: Path, rule: str, encoding: Encoding, texts: Mapping[str, str]) -> WorkspaceFixes:
        """Lints the whole workspace; the first fix of each finding, without overlaps."""

        def opened(path: str, text: str) -> GuardedText:
            return self.open(path, text, encoding)

        return WorkspaceFixes(self._rules, root, rule, texts, opened)


class WorkspaceFixes:
    """Implements `ports.linter.FixSearch`."""

    def __init__(
        self,
        rules: native.RuleSet,
        root: Path,
        rule: str,
        texts: Mapping[str, str],
        opened: Callable[[str, str], GuardedText],
    ) -> None:
        """Take what `GuardianLinter.fixes` was asked; `opened` begins with a text as the client counts in it."""
        self._rules = rules
        self._root = root
        self._rule = rule
        self._texts = texts
        self._opened = opened
        self._token = native.CancelToken()

    def cancel(self) -> None:
        """End a run: it fails then, or finds nothing more."""
        self._token.cancel()

    def run(self) -> dict[str, list[PlacedFix]]:
        """Lint the files, then place the fixes in those that have some. Raises CoreError when cancelled."""
        report = native.lint_paths(self._rules, str(self._root), cancel=self._token)
        paths = {found.path for found in report.findings if found.rule_id == self._rule} - self._texts.keys()
        sources = dict(self._texts)
        for path in sorted(paths)[:MAX_FIXED_FILES]:
            content = read_regular(str(self._root), path)
            if content is not None:
                sources[path] = content.decode("utf-8", "surrogateescape")
        fixed: dict[str, list[PlacedFix]] = {}
        for path, text in sources.items():
            if self._token.is_cancelled:
                break
            state = self._opened(path, text).lint()
            kept = disjoint([one.fixes[0] for one in state.findings if one.finding.rule == self._rule and one.fixes])
            if kept:
                fixed[path] = kept
        return fixed


class GuardedText:
    """Implements `ports.linter.OpenText` over the core's."""

    def __init__(self, rules: native.RuleSet, path: str, core: native.OpenText) -> None:
        """Take the core's text."""
        self._rules = rules
        self._path = path
        self._core = core
        self._token = native.CancelToken()
        self._lock = threading.Lock()

    @property
    def text(self) -> str:
        """The text as it is now."""
        return self._core.source

    def change(self, changes: Sequence[Change]) -> None:
        """Apply changes in order."""
        self._core.change(changes)

    def cancel(self) -> None:
        """End a lint that runs."""
        with self._lock:
            self._token.cancel()

    def lint(self) -> TextState:
        """Parse errors first, then the findings of the rules, each with the fixes that its rule offers."""
        with self._lock:
            token = self._token = native.CancelToken()
        report = self._core.lint(self._rules, cancel=token)
        if report.status != "checked":
            return TextState(Verdict.NOT_CHECKED, report.reason or "not checked", ())
        placed = [self._placed(report, found, span) for found, span in zip(report.findings, report.ranges, strict=True)]
        return TextState(Verdict.FAILED if placed else Verdict.CLEAN, "", tuple(placed))

    def _placed(self, report: native.TextReport, found: native.Finding, span: Range) -> PlacedFinding:
        gate = syntax.GATE if found.rule_id == "syntax-error" else guardian.GATE
        fixes = _placed_fixes(report, found)
        return PlacedFinding(from_core(gate, self._path, found), span, fixes, web_address(found.url))


def _placed_fixes(report: native.TextReport, found: native.Finding) -> tuple[PlacedFix, ...]:
    first = _fix(found)
    if first is None:
        return ()
    fixes = [PlacedFix(_range(report, first.start_byte, first.end_byte), first.replacement, first.is_safe)]
    for other in found.alternatives:
        span = _range(report, other.start_byte, other.end_byte)
        fixes.append(PlacedFix(span, other.replacement, is_safe=False, title=other.title))
    return tuple(fixes)


def _range(report: native.TextReport, start_byte: int, end_byte: int) -> Range:
    return (*report.position_at(start_byte), *report.position_at(end_byte))


def _fix(finding: native.Finding) -> Fix | None:
    if finding.replacement is None or finding.fix_start_byte is None or finding.fix_end_byte is None:
        return None
    return Fix(finding.fix_start_byte, finding.fix_end_byte, finding.replacement, finding.is_safe_fix)


def disjoint(fixes: Sequence[PlacedFix]) -> list[PlacedFix]:
    """In order of place, each beginning at or after the end of the one before."""
    kept: list[PlacedFix] = []
    for fix in sorted(fixes, key=lambda one: one.range):
        if not kept or fix.range[:2] >= kept[-1].range[2:]:
            kept.append(fix)
    return kept
