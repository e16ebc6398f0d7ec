"""Why an attempt can't be merged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from orchestrator.domain.finding import Finding
from orchestrator.domain.receipt import GateReport


class Refusal(Exception):
    """The attempt can't be integrated. `commit` is what it made ("" when the next one should begin anew)."""

    def __init__(self, reason: str, findings: tuple[Finding, ...], commit: str) -> None:
        """Say why, with the findings that the fixer shall mend."""
        super().__init__(reason)
        self.reason = reason
        self.findings = findings
        self.commit = commit


def refusal_of(where: str, failed: Sequence[GateReport], commit: str, cap: int) -> Refusal:
    """The refusal that follows from gates that failed on `where` ("its own tree", "the combined tree")."""
    return Refusal(f"{', '.join(report.gate for report in failed)} failed on {where}", gathered(failed, cap), commit)


def gathered(reports: Sequence[GateReport], cap: int) -> tuple[Finding, ...]:
    """The findings of several reports, at most `cap`; a gate that failed without one is a finding itself."""
    findings: list[Finding] = []
    for report in reports:
        findings.extend(report.findings or (Finding(report.gate, report.gate, "", report.detail or "failed"),))
    return tuple(findings[:cap])


def capped(report: GateReport, cap: int) -> GateReport:
    """The report with at most `cap` findings; what was cut is said in `detail`."""
    cut = len(report.findings) - cap
    if cut <= 0:
        return report
    return replace(report, findings=report.findings[:cap], detail=f"{report.detail} ({cut} more findings)".strip())
