"""`orchestrator undo`: take back what a mission, or one task, wrote."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.reaching import act, print_json
from orchestrator.cli.workspace_option import json_option, mission_argument, task_option, workspace_option


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
        workspace, mission, lambda ask, m: ask("mission/undo", {"missionId": m, "taskId": task}), is_active=bool(task)
    )
    if is_json:
        print_json(result)
        return
    click.echo(f"{f'task {task}' if task else name} is undone; as before:")
    for path in result["paths"]:
        click.echo(f"  {path}")
