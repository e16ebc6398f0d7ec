"""`orchestrator summary`: what a mission did, and what proves it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.reaching import look, plain, print_json
from orchestrator.cli.workspace_option import json_option, mission_argument, workspace_option
from orchestrator.reading import read_summary

if TYPE_CHECKING:
    from orchestrator.domain.mission import Mission
    from orchestrator_protocol.plain import shapes


@click.command("summary", epilog="Example: orchestrator summary m-4be1 --workspace ~/project | less")
@mission_argument
@workspace_option
@json_option
def command(mission: str, workspace: Path, is_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Show the story of MISSION (default: the newest): tasks, refused work, receipts and seal. Starts nothing."""

    def read(found: Mission) -> shapes.MissionSummaryResult:
        from orchestrator.rpc.mapping import status_view  # noqa: PLC0415 - only where no server runs

        return {"markdown": read_summary(workspace, found), "status": plain(status_view(found))}

    result = look(workspace, mission, lambda ask, m: ask("mission/summary", {"missionId": m}), read)
    if is_json:
        print_json(result)
    else:
        click.echo(result["markdown"], nl=False)
