"""`orchestrator audit`: verify the journal."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path

import click

from orchestrator.cli.workspace_option import json_option, workspace_option


@click.command("audit", epilog="Example: orchestrator audit --workspace ~/project")
@workspace_option
@json_option
def command(workspace: Path, is_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Verify the hash chain of a workspace's journal. Exit code 0: intact, 1: not; the first bad event is named."""
    from orchestrator.reading import audit_journal  # noqa: PLC0415 - loads the journal for this command alone

    report = audit_journal(workspace)
    if is_json:
        click.echo(json.dumps(dataclasses.asdict(report)))
    elif report.is_intact:
        click.secho(f"intact: {report.event_count} events, every hash follows from the one before", fg="green")
    else:
        where = f" at event {report.first_bad_seq}" if report.first_bad_seq else ""
        click.secho(f"not intact{where}: {report.problem}", fg="red", err=True)
    sys.exit(0 if report.is_intact else 1)
