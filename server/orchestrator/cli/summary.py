"""`orchestrator summary`: what a mission did, and what proves it."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.reaching import look
from orchestrator.cli.workspace_option import json_option, mission_argument, workspace_option
from orchestrator.client import Client
from orchestrator.domain.mission import Mission
from orchestrator.reading import read_summary
from orchestrator_protocol.mission import MissionSummaryParams, MissionSummaryResult


@click.command("summary", epilog="Example: orchestrator summary m-4be1 --workspace ~/project | less")
@mission_argument
@workspace_option
@json_option
def command(mission: str, workspace: Path, is_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Show the story of MISSION (default: the newest): tasks, refused work, receipts and seal. Starts nothing."""

    def read(found: Mission) -> MissionSummaryResult:
        from orchestrator.rpc.mapping import status_view  # noqa: PLC0415 - only where no server runs

        return MissionSummaryResult(markdown=read_summary(workspace, found), status=status_view(found))

    result = look(workspace, mission, _ask, read)
    click.echo(result.model_dump_json(by_alias=True) if is_json else result.markdown, nl=is_json)


async def _ask(client: Client, mission_id: str) -> MissionSummaryResult:
    return await client.request(MissionSummaryParams(mission_id=mission_id))
