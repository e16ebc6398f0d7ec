"""`orchestrator retry`: try an ended mission again."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.reaching import act
from orchestrator.cli.workspace_option import json_option, mission_argument, workspace_option
from orchestrator_protocol.mission import MissionRetryParams


@click.command("retry", epilog="Example: orchestrator retry m-4be1 --workspace ~/project")
@mission_argument
@workspace_option
@json_option
def command(mission: str, workspace: Path, is_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Try an ended MISSION (default: the newest) again where it stands.

    Merged work stays; tasks that had failed are open again.
    """
    name, result = act(workspace, mission, lambda m: MissionRetryParams(mission_id=m), is_active=False)
    said = f"{name} goes on ({result.status}): orchestrator watch {name}"
    click.echo(result.model_dump_json(by_alias=True) if is_json else said)
