"""Findings: what a gate reports about a place in a file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "info", "hint"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One report of one gate.

    `path` is relative to the workspace with forward slashes ("" when it concerns no file). Lines and columns are
    zero-based, columns count Unicode code points. `text` is the matched source, cut to 200 characters; together with
    gate, rule and path it identifies a finding across edits that move it.
    """

    gate: str
    rule: str
    path: str
    message: str
    severity: Severity = "error"
    start_line: int = 0
    start_column: int = 0
    end_line: int = 0
    end_column: int = 0
    text: str = ""

    @property
    def fingerprint(self) -> tuple[str, str, str, str]:
        """Identity that survives a move within the file."""
        return (self.gate, self.rule, self.path, " ".join(self.text.split()))

    def describe(self) -> str:
        """The whole for a brief: `path:line: message [rule]` with a one-based line; a message may have many lines."""
        return self._described(self.message)

    def headline(self) -> str:
        """The same in one line for a person: the first line of the message, cut to 200 characters."""
        first, *_ = self.message.splitlines() or [""]
        return self._described(first[:200])

    def _described(self, message: str) -> str:
        place = f"{self.path}:{self.start_line + 1}: " if self.path else ""
        return f"{place}{message} [{self.rule}]"


def new_findings(findings: tuple[Finding, ...], base: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The findings that the base does not have, counting repeats of one fingerprint."""
    known: dict[tuple[str, str, str, str], int] = {}
    for finding in base:
        known[finding.fingerprint] = known.get(finding.fingerprint, 0) + 1
    fresh: list[Finding] = []
    for finding in findings:
        left = known.get(finding.fingerprint, 0)
        if left:
            known[finding.fingerprint] = left - 1
        else:
            fresh.append(finding)
    return tuple(fresh)


def web_address(url: str | None) -> str | None:
    """A rule's page where it is an address: the built-in rules name a path in the documentation, which is none."""
    return url if url and re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", url) else None
