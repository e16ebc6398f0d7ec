"""Receipts and the seal as a client sees them."""

from __future__ import annotations

from typing import Literal

from orchestrator_protocol.wire import Result

Verdict = Literal["clean", "failed", "flaky", "not_checked"]
Stage = Literal["base", "attempt", "merge", "seal"]
Sensitivity = Literal["sensitive", "not_sensitive", "not_probed"]


class ReceiptView(Result):
    """Proof that one command ran on one tree (a git tree id).

    `exit_code` is null when a signal or the deadline ended it; `duration_s` in seconds; `output_digest` is the SHA-256
    of the whole output; `level` the confinement in force; `sensitivity` whether it turned red on a planted error.
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


class SealView(Result):
    """What a finished mission proves: this tree, these receipts. `duration_s` in seconds.

    `not_checked` names gates that could not look; `refused_count` attempts that did not pass; `recovered_count`
    sessions that were healed.
    """

    tree: str
    commit: str
    receipts: list[ReceiptView]
    not_checked: list[str]
    refused_count: int
    recovered_count: int
    task_count: int
    duration_s: float
