"""From the core's findings to the domain's, and what is new in them against the base."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from orchestrator import native
from orchestrator.domain.finding import Finding, new_findings
from orchestrator.redaction import redact

MESSAGE_CHARACTERS = 400
TEXT_CHARACTERS = 200
FindingsByPath = Mapping[str, tuple[Finding, ...]]


def from_core(gate: str, path: str, found: native.Finding) -> Finding:
    """The domain's form of a finding of the core."""
    note = f" ({found.note})" if found.note else ""
    return Finding(
        gate=gate,
        rule=found.rule_id,
        path=path,
        message=redact(found.message + note).text[:MESSAGE_CHARACTERS],
        severity=found.severity,
        start_line=found.start_line,
        start_column=found.start_column,
        end_line=found.end_line,
        end_column=found.end_column,
        text=redact(found.text).text[:TEXT_CHARACTERS],
    )


def fresh(found: Iterable[Finding], base: FindingsByPath, present: Iterable[str], gone: Sequence[str]) -> list[Finding]:
    """The findings that the base does not have.

    `present` are the base's paths that still exist; findings of the base in the `gone` ones excuse equal findings in
    files that are new: a file that was moved brings its old findings along.
    """
    known = frozenset(present)
    old: list[Finding] = []
    new: list[Finding] = []
    for finding in found:
        (old if finding.path in known else new).append(finding)
    kept = [finding for path in {finding.path for finding in old} for finding in base.get(path, ())]
    moved = [_placeless(finding) for path in gone for finding in base.get(path, ())]
    result = list(new_findings(tuple(old), tuple(kept)))
    placeless = new_findings(tuple(_placeless(finding) for finding in new), tuple(moved))
    left = [finding.fingerprint for finding in placeless]
    for finding in new:
        print_ = _placeless(finding).fingerprint
        if print_ in left:
            left.remove(print_)
            result.append(finding)
    return result


def _placeless(finding: Finding) -> Finding:
    return Finding(finding.gate, finding.rule, "", finding.message, text=finding.text)
