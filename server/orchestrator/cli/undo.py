"""`orchestrator undo`: take back what a mission, or one task, wrote."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.reaching import act
from orchestrator.cli.workspace_option import json_option, mission_argument, task_option, workspace_option
from orchestrator_protocol.mission import MissionUndoParams


@click.command("undo", epilog="Example: orchestrator undo m-4be1 --task fix-shop.py")
@mission_argument
@workspace_option
@task_option
@json_option
def command(mission: str, workspace: Path, task: str, is_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Take back what an ended MISSION (default: the newest) wrote into your files, or the work of one task.

    All or nothing: refused when you have changed one of the files since; they are named.
    """
    name, result = act(
        workspace, mission, lambda m: MissionUndoParams(mission_id=m, task_id=task), is_active=bool(task)
    )
    if is_json:
        click.echo(result.model_dump_json(by_alias=True))
        return
    click.echo(f"{f'task {task}' if task else name} is undone; {len(result.paths)} files are as before:")
    for path in result.paths:
        click.echo(f"  {path}")
