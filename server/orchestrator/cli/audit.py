"""`orchestrator audit`: verify the journal."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.workspace_option import json_option, workspace_option

if TYPE_CHECKING:
    from orchestrator.journal.audit import AuditReport


@click.command("audit", epilog="Example: orchestrator audit --workspace ~/project")
@workspace_option
@json_option
def command(workspace: Path, is_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Verify a workspace's journal: chain, archive, stored states, receipts.

    Exit code 0: intact, 1: not; the first bad event is named.
    """
    from orchestrator.reading import audit_journal  # noqa: PLC0415 - loads the journal for this command alone

    report = audit_journal(workspace)
    if is_json:
        click.echo(json.dumps(dataclasses.asdict(report)))
    elif report.is_intact:
        click.secho(f"intact: {report.event_count} events, every hash follows from the one before", fg="green")
        for line in _details(report):
            click.echo(line)
    else:
        where = f" at event {report.first_bad_seq}" if report.first_bad_seq else ""
        click.secho(f"not intact{where}: {report.problem}", fg="red", err=True)
    sys.exit(0 if report.is_intact else 1)


def _details(report: AuditReport) -> list[str]:
    lines: list[str] = []
    if report.archived_count:
        lines.append(f"{report.archived_count} of them in the archive")
    if report.dropped_count:
        lines.append(
            f"{report.dropped_count} older events are not checked: retention dropped them; "
            f"the last anchor of the chain is event {report.anchor_seq}"
        )
    if report.snapshot_count:
        lines.append(f"{report.snapshot_count} stored states are what the events say")
    proven = "not checked" if report.proven_count is None else f"those of {report.proven_count} missions are all there"
    return [*lines, f"trees and outputs of receipts: {proven}"]
