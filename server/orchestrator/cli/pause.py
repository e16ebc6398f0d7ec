"""`orchestrator pause`: hold a mission, or one task."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.reaching import act, print_json
from orchestrator.cli.workspace_option import (
    because_option,
    json_option,
    mission_argument,
    task_option,
    workspace_option,
)


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
        name, held = act(
            workspace, mission, lambda ask, m: ask("task/pause", {"missionId": m, "taskId": task}), is_active=True
        )
        if is_json:
            print_json(held)
        else:
            click.echo(f"task {task} is paused; let it go on: orchestrator resume {name} --task {task}")
        return
    name, result = act(
        workspace, mission, lambda ask, m: ask("mission/pause", {"missionId": m, "reason": because}), is_active=True
    )
    if is_json:
        print_json(result)
    else:
        click.echo(f"{name} is paused; let it go on: orchestrator resume {name}")
