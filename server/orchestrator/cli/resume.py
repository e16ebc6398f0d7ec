"""`orchestrator resume`: let a held mission or task go on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.reaching import act, print_json
from orchestrator.cli.standing import ENDED, waits_for
from orchestrator.cli.workspace_option import json_option, mission_argument, task_option, workspace_option
from orchestrator.client.errors import RemoteError

if TYPE_CHECKING:
    from orchestrator_protocol.plain.asking import Ask
    from orchestrator_protocol.plain.shapes import MissionStatusResult

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
        _, result = act(
            workspace, mission, lambda ask, m: ask("task/resume", {"missionId": m, "taskId": task}), is_active=True
        )
        if is_json:
            print_json(result)
        else:
            click.echo(f"task {task} goes on")
        return
    name, status = act(workspace, mission, _resume, is_active=True)
    if is_json:
        print_json(status)
    else:
        for line in waits_for(status) or [f"{name} goes on ({status['status']})"]:
            click.echo(line)
    sys.exit(_WAITING if status["status"] == "waiting" else 0)


def _resume(ask: Ask, mission_id: str) -> MissionStatusResult:
    """Resume it; one that nobody paused goes on by itself now that a server runs, or waits for an answer."""
    try:
        ask("mission/resume", {"missionId": mission_id})
    except RemoteError as error:
        status = ask("mission/status", {"missionId": mission_id})
        if error.code != "not_paused" or status["status"] in ENDED:
            raise
        return status
    return ask("mission/status", {"missionId": mission_id})
