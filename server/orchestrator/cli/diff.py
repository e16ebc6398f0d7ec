"""`orchestrator diff`: what a mission changed."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import anyio
import click

from orchestrator.cli.following import ask
from orchestrator.cli.workspace_option import mission_argument, workspace_option
from orchestrator.reading import find_mission, read_missions
from orchestrator_protocol.mission import MissionDiffParams


@click.command("diff", epilog="Example: orchestrator diff --workspace ~/project | less")
@mission_argument
@workspace_option
@click.option("--task", default="", help="The part of one task.")
def command(mission: str, workspace: Path, task: str) -> None:
    """Show what MISSION (default: the newest) changed, as a unified diff."""
    wanted = find_mission(read_missions(workspace), mission)
    params = MissionDiffParams(mission_id=wanted.id, task_id=task)
    result = anyio.run(partial(ask, workspace, params))
    click.echo(result.diff, nl=False)
    if not result.diff:
        click.echo(f"{f'task {task}' if task else f'mission {wanted.id}'} has changed nothing", err=True)
    if result.is_cut:
        click.echo("the diff was cut; `orchestrator deliver --deliver patch` writes the whole", err=True)
