"""`orchestrator pause`: hold a mission, or one task."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.reaching import act
from orchestrator.cli.workspace_option import (
    because_option,
    json_option,
    mission_argument,
    task_option,
    workspace_option,
)
from orchestrator_protocol.mission import MissionPauseParams
from orchestrator_protocol.task import TaskPauseParams


@click.command("pause", epilog="Example: orchestrator pause --because 'the review comes first'")
@mission_argument
@workspace_option
@task_option
@because_option
@json_option
def command(mission: str, workspace: Path, task: str, because: str, is_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Hold MISSION (default: the one under way), or one task of it.

    Nothing new starts, and sessions wait at their next step.
    """
    if task and because:
        raise click.UsageError("--because is kept for a mission; a task has none")
    if task:
        name, held = act(workspace, mission, lambda m: TaskPauseParams(mission_id=m, task_id=task), is_active=True)
        said = f"task {task} is paused; let it go on: orchestrator resume {name} --task {task}"
        click.echo(held.model_dump_json(by_alias=True) if is_json else said)
        return
    name, result = act(workspace, mission, lambda m: MissionPauseParams(mission_id=m, reason=because), is_active=True)
    said = f"{name} is paused; let it go on: orchestrator resume {name}"
    click.echo(result.model_dump_json(by_alias=True) if is_json else said)
