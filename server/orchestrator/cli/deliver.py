"""`orchestrator deliver`: bring the work of an ended mission into the workspace."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from orchestrator.cli.reaching import act
from orchestrator.cli.workspace_option import json_option, mission_argument, workspace_option
from orchestrator_protocol.mission import DeliveryMode, MissionDeliverParams


@click.command("deliver", epilog="Example: orchestrator deliver --deliver branch")
@mission_argument
@workspace_option
@click.option("--deliver", type=click.Choice(["apply", "branch", "patch"]), default="apply", show_default=True)
@json_option
def command(mission: str, workspace: Path, deliver: DeliveryMode, is_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Bring the work of MISSION (default: the newest) to you. Never over a file that you changed meanwhile."""
    _, result = act(workspace, mission, lambda m: MissionDeliverParams(mission_id=m, delivery=deliver), is_active=False)
    if is_json:
        click.echo(result.model_dump_json(by_alias=True))
    elif result.kept_back:
        click.echo(f"not applied, you changed meanwhile: {', '.join(result.kept_back)}")
        click.echo(result.detail)
    elif not result.paths:
        click.echo(result.detail or "nothing to deliver")
    elif result.delivery == "apply":
        click.echo(f"delivered: {len(result.paths)} files written in {result.place or workspace}")
    else:
        click.echo(f"delivered {len(result.paths)} files as a {result.delivery}: {result.detail or result.place}")
    sys.exit(1 if result.kept_back else 0)
