"""`orchestrator resume`: let a held mission or task go on."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import anyio
import click

from orchestrator.cli.following import ENDED
from orchestrator.cli.reaching import act, on_mission
from orchestrator.cli.standing import waits_for
from orchestrator.cli.workspace_option import json_option, mission_argument, task_option, workspace_option
from orchestrator.client import RemoteError
from orchestrator_protocol.mission import MissionResumeParams, MissionStatusParams, MissionStatusResult
from orchestrator_protocol.task import TaskResumeParams

_WAITING = 3


@click.command("resume", epilog="Example: orchestrator resume --workspace ~/project")
@mission_argument
@workspace_option
@task_option
@json_option
def command(mission: str, workspace: Path, task: str, is_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Let MISSION (default: the one under way), or one task of it, go on.

    Starts the server where none runs, which takes up what an earlier one left. Exit code 3: it still waits for a
    person; the output says for what.
    """
    if task:
        _, result = act(workspace, mission, lambda m: TaskResumeParams(mission_id=m, task_id=task), is_active=True)
        click.echo(result.model_dump_json(by_alias=True) if is_json else f"task {task} goes on")
        return
    status = anyio.run(partial(_resume, workspace, mission))
    if is_json:
        click.echo(status.model_dump_json(by_alias=True))
    else:
        for line in waits_for(status) or [f"{status.mission_id} goes on ({status.status})"]:
            click.echo(line)
    sys.exit(_WAITING if status.status == "waiting" else 0)


async def _resume(workspace: Path, wanted: str) -> MissionStatusResult:
    """Resume it; one that nobody paused goes on by itself now that a server runs, or waits for an answer."""
    async with on_mission(workspace, wanted, is_active=True) as (client, mission_id):
        try:
            await client.request(MissionResumeParams(mission_id=mission_id))
        except RemoteError as error:
            status = await client.request(MissionStatusParams(mission_id=mission_id))
            if error.code != "not_paused" or status.status in ENDED:
                raise
            return status
        return await client.request(MissionStatusParams(mission_id=mission_id))
