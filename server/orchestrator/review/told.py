"""What is told of a judgement: reports without the secrets that files and outputs hold."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.domain.finding import Finding
from orchestrator.domain.receipt import GateReport
from orchestrator.redaction import redact


def without_secrets(report: GateReport) -> GateReport:
    """The report with `[redacted:<kind>]` for each secret in its findings and details."""
    return replace(
        report,
        findings=tuple(_finding(finding) for finding in report.findings),
        receipts=tuple(replace(receipt, detail=redact(receipt.detail).text) for receipt in report.receipts),
        detail=redact(report.detail).text,
    )


def _finding(finding: Finding) -> Finding:
    return replace(finding, message=redact(finding.message).text, text=redact(finding.text).text)
