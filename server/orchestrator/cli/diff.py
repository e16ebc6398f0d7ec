"""`orchestrator diff`: what a mission changed."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.reaching import act
from orchestrator.cli.workspace_option import mission_argument, task_option, workspace_option


@click.command("diff", epilog="Example: orchestrator diff --workspace ~/project | less")
@mission_argument
@workspace_option
@task_option
def command(mission: str, workspace: Path, task: str) -> None:
    """Show what MISSION (default: the newest) changed, as a unified diff."""
    name, result = act(
        workspace, mission, lambda ask, m: ask("mission/diff", {"missionId": m, "taskId": task}), is_active=False
    )
    click.echo(result["diff"], nl=False)
    if not result["diff"]:
        click.echo(f"{f'task {task}' if task else f'mission {name}'} has changed nothing", err=True)
    if result["isCut"]:
        click.echo("the diff was cut; `orchestrator deliver --deliver patch` writes the whole", err=True)
