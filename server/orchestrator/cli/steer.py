"""`orchestrator steer`: say something to whoever works on a task."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.completing import mission_ids, task_ids
from orchestrator.cli.reaching import act, print_json
from orchestrator.cli.workspace_option import json_option, workspace_option


@click.command("steer", epilog="Example: orchestrator steer m-4be1 fix-shop.py 'keep the old name as an alias'")
@click.argument("mission", shell_complete=mission_ids)
@click.argument("task", shell_complete=task_ids)
@click.argument("text")
@workspace_option
@json_option
def command(mission: str, task: str, text: str, workspace: Path, is_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Say TEXT to whoever works on TASK of MISSION ("" for the one under way).

    It is told after the turn under way, or with the next brief.
    """
    _, result = act(
        workspace,
        mission,
        lambda ask, m: ask("task/steer", {"missionId": m, "taskId": task, "text": text}),
        is_active=True,
    )
    if is_json:
        print_json(result)
    else:
        click.echo(f"said to {task}, which is {result['task']['status']}")
