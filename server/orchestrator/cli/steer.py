"""`orchestrator steer`: say something to whoever works on a task."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.completing import mission_ids, task_ids
from orchestrator.cli.reaching import act
from orchestrator.cli.workspace_option import json_option, workspace_option
from orchestrator_protocol.task import TaskSteerParams


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
        workspace, mission, lambda m: TaskSteerParams(mission_id=m, task_id=task, text=text), is_active=True
    )
    said = f"said to {task}, which is {result.task.status}"
    click.echo(result.model_dump_json(by_alias=True) if is_json else said)
