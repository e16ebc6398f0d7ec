"""Checks, receipts and the seal."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.domain.finding import Finding
from orchestrator.domain.words import Sensitivity, Stage, Verdict


@dataclass(frozen=True, slots=True)
class Check:
    """A command that judges a tree. `command` is a shell line; it runs in the root of a worktree.

    `is_declared` tells a command from the user's configuration from one that was only found in a manifest; `source`
    names the file it comes from.
    """

    name: str
    command: str
    when: Stage
    timeout_s: float
    is_declared: bool
    source: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that one command ran on one tree.

    `tree` is a git tree id, `output_digest` the SHA-256 of the whole output, which is kept in the state directory under
    that name. `level` is the confinement that was in force. `exit_code` is None when a signal or the deadline ended it.
    """

    check: str
    command: str
    stage: Stage
    tree: str
    exit_code: int | None
    verdict: Verdict
    duration_s: float
    output_digest: str
    output_size_bytes: int
    level: str
    sensitivity: Sensitivity
    detail: str = ""


@dataclass(frozen=True, slots=True)
class GateReport:
    """What one gate says about one tree: a verdict, the new findings that led to it, and the receipts it holds."""

    gate: str
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Seal:
    """What a finished mission proves: this tree, these receipts, this much refused and healed on the way."""

    tree: str
    commit: str
    receipts: tuple[Receipt, ...]
    not_checked: tuple[str, ...]
    refused_count: int
    recovered_count: int
    task_count: int
    duration_s: float
