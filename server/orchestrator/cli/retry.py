"""`orchestrator retry`: try an ended mission again."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.reaching import act, print_json
from orchestrator.cli.workspace_option import json_option, mission_argument, workspace_option


@click.command("retry", epilog="Example: orchestrator retry m-4be1 --workspace ~/project")
@mission_argument
@workspace_option
@json_option
def command(mission: str, workspace: Path, is_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Try an ended MISSION (default: the newest) again where it stands.

    Merged work stays; tasks that had failed are open again.
    """
    name, result = act(workspace, mission, lambda ask, m: ask("mission/retry", {"missionId": m}), is_active=False)
    if is_json:
        print_json(result)
    else:
        click.echo(f"{name} goes on ({result['status']}): orchestrator watch {name}")
