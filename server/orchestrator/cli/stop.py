"""`orchestrator stop`: end a mission, or one task's attempt."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.reaching import act, print_json
from orchestrator.cli.standing import counted
from orchestrator.cli.workspace_option import json_option, mission_argument, task_option, workspace_option


@click.command("stop", epilog="Example: orchestrator stop --workspace ~/project")
@mission_argument
@workspace_option
@task_option
@json_option
def command(mission: str, workspace: Path, task: str, is_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Stop MISSION (default: the one under way) and wait until all it ran is gone. Its work is kept.

    With --task, end that task's attempt and hold the task.
    """
    if task:
        name, held = act(
            workspace, mission, lambda ask, m: ask("task/stop", {"missionId": m, "taskId": task}), is_active=True
        )
        if is_json:
            print_json(held)
        else:
            click.echo(f"task {task} is stopped and held; let it go on: orchestrator resume {name} --task {task}")
        return
    name, result = act(workspace, mission, lambda ask, m: ask("mission/stop", {"missionId": m}), is_active=True)
    if is_json:
        print_json(result)
        return
    reason = f": {result['reason']}" if result["reason"] else ""
    click.echo(f"{name} is {result['status']}{reason}")
    if result["kept"] and result["status"] != "sealed":
        click.echo(
            f"work on {counted(len(result['kept']), 'file')} is kept; bring it to you: orchestrator deliver {name}"
        )
