"""What `orchestrator lint` found, and its two plain forms: text for people, one JSON object a finding."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass

import click
from rich.console import Console
from rich.text import Text

from orchestrator import native

STYLES = {"error": "bold red", "warning": "yellow", "info": "cyan", "hint": "dim"}
"""How a severity looks in a terminal."""
_MAX_NAMED = 10
_UNKNOWN = ("unknown language", "no rules for ")


@dataclass(frozen=True, slots=True)
class Linted:
    """Findings with paths as the user would type them, and what could not be looked at.

    `paths` has one path a finding. `skipped` are (path, reason); `problems` are rules that are wrong and not used, each
    as FILE:LINE:COLUMN: REASON.
    """

    findings: list[native.Finding]
    paths: list[str]
    checked_count: int
    skipped: list[tuple[str, str]]
    problems: tuple[str, ...]
    is_truncated: bool

    @property
    def is_clean(self) -> bool:
        """Nothing was found, and every rule could be used."""
        return not self.findings and not self.problems


def place_of(problem: native.RuleProblem) -> str:
    """A wrong rule as FILE:LINE:COLUMN: REASON."""
    place = f":{problem.line}:{problem.column}" if problem.line is not None else ""
    return f"{problem.source}{place}: {problem.reason}"


def print_json(linted: Linted) -> None:
    """The findings on stdout; what was not checked is said on stderr, so that nobody takes silence for clean."""
    for path, finding in zip(linted.paths, linted.findings, strict=True):
        row = {
            "rule": finding.rule_id,
            "path": path,
            "range": {
                "start": {"line": finding.start_line, "column": finding.start_column},
                "end": {"line": finding.end_line, "column": finding.end_column},
            },
            "severity": finding.severity,
            "message": finding.message,
            "replacement": finding.replacement,
        }
        click.echo(json.dumps(row, ensure_ascii=False))
    for line in (*linted.problems, *_not_checked(linted)):
        click.echo(line, err=True)
    if linted.is_truncated:
        click.echo("stopped at the cap on findings", err=True)


def print_text(linted: Linted, fixed: int) -> None:
    """The findings, then how many there are and what was not checked, with the reasons."""
    console = Console(highlight=False, soft_wrap=True)
    for path, finding in zip(linted.paths, linted.findings, strict=True):
        line = Text(f"{path}:{finding.start_line + 1}:{finding.start_column + 1}: ")
        line.append(finding.severity, style=STYLES[finding.severity])
        line.append(f" {finding.message} ")
        line.append(f"[{finding.rule_id}]", style="dim")
        console.print(line)
    for problem in linted.problems:
        console.print(Text(f"{problem} (the rule was not used)", style="red"))
    parts = [f"{len(linted.findings)} findings in {linted.checked_count} files"]
    if fixed:
        parts.append(f"{fixed} fixed")
    if linted.skipped:
        parts.append(f"{len(linted.skipped)} files not checked")
    if linted.is_truncated:
        parts.append("stopped at the cap on findings")
    console.print(Text(", ".join(parts), style="dim"))
    for line in _not_checked(linted):
        console.print(Text(line, style="dim"))


def _not_checked(linted: Linted) -> list[str]:
    """The reasons with their numbers; by name the first files that have rules and could not be read all the same."""
    if not linted.skipped:
        return []
    counts = Counter(reason for _, reason in linted.skipped).most_common()
    told = counts[:_MAX_NAMED]
    lines = ["not checked: " + ", ".join(f"{count} {reason}" for reason, count in told)]
    if len(counts) > len(told):
        lines[0] += f", {sum(count for _, count in counts[len(told) :])} for other reasons"
    odd = [f"{path} ({reason})" for path, reason in linted.skipped if not reason.startswith(_UNKNOWN)]
    lines += [f"not checked: {one}" for one in odd[:_MAX_NAMED]]
    if len(odd) > _MAX_NAMED:
        lines.append(f"not checked: {len(odd) - _MAX_NAMED} more of this kind")
    return lines
