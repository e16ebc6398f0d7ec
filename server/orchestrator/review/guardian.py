"""The guardian gate: the built-in rules and those that the base's own `sgconfig.yml` names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from orchestrator import native
from orchestrator.domain.finding import Finding
from orchestrator.ports.gates import GateError
from orchestrator.review.compare import from_core
from orchestrator.review.files import read_regular
from orchestrator.review.sources import Looked, Source

GATE = "guardian"
SUPPRESSION = re.compile(rb"(?:#|//|/\*|<!--|--)[^\n]*\bast-grep-ignore\b[^\n]*")
CONFIG_NAMES = ("sgconfig.yml", "sgconfig.yaml")
REFUSING = frozenset({"error", "warning"})
"""Severities that refuse a change; the others are reported alone."""


def load_rules(root: str) -> native.RuleSet:
    """The built-in rules, and those of a tree, which only add: they can't replace a built-in rule or switch one off.

    Raises GateError when the tree's own rules are wrong: a gate must not judge with fewer rules than were meant.
    """
    rules = native.RuleSet.builtin()
    own, problems = own_rules(root)
    if problems:
        raise GateError("wrong_rules", f"the workspace's own rules can't be used: {problems[0]}", "correct the rule")
    return rules if own is None else rules.extended(own)


def own_rules(root: str) -> tuple[native.RuleSet | None, list[str]]:
    """The rules of a tree's `sgconfig.yml` that can be used, None without one; and what is wrong with the others."""
    for name in CONFIG_NAMES:
        if read_regular(root, name) is None:
            continue
        try:
            own = native.RuleSet.from_config(str(Path(root, name)))
        except native.RuleError as error:
            return None, [str(error)]
        return own, [problem_text(problem) for problem in own.problems]
    return None, []


def problem_text(problem: native.RuleProblem) -> str:
    """File, line, column and what is wrong."""
    place = "" if problem.line is None else f":{problem.line}:{problem.column}"
    return f"{problem.source}{place}: {problem.reason}"


def guardian_findings(rules: native.RuleSet, sources: Iterable[Source]) -> tuple[list[Finding], Looked]:
    """What the rules say of these files."""
    findings: list[Finding] = []
    skipped: dict[str, str] = {}
    checked_count = 0
    for source in sources:
        report = native.lint_text(rules, source.path, source.content)
        if report.status == "checked":
            checked_count += 1
            findings += [from_core(GATE, source.path, found) for found in report.findings]
            findings += _suppressions(source)
        else:
            skipped[source.path] = report.reason or "not checked"
    return findings, Looked(checked_count, skipped)


def _suppressions(source: Source) -> list[Finding]:
    """Comments that silence rules: a new one is a finding, for a worker must not silence its own judge."""
    found: list[Finding] = []
    for match in SUPPRESSION.finditer(source.content):
        line = source.content.count(b"\n", 0, match.start())
        text = match.group().decode("utf-8", "replace").strip()[:200]
        message = "This comment silences the guardian; mend what it reports instead"
        found.append(
            Finding(GATE, "suppression", source.path, message, "error", start_line=line, end_line=line, text=text)
        )
    return found
