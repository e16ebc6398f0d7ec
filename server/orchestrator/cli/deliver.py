"""`orchestrator deliver`: bring the work of an ended mission into the workspace."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.reaching import act, print_json
from orchestrator.cli.standing import counted
from orchestrator.cli.workspace_option import json_option, mission_argument, workspace_option

if TYPE_CHECKING:
    from orchestrator_protocol.plain.shapes import DeliveryMode, MissionDeliverResult


@click.command("deliver", epilog="Example: orchestrator deliver --deliver branch")
@mission_argument
@workspace_option
@click.option("--deliver", type=click.Choice(["apply", "branch", "patch"]), default="apply", show_default=True)
@json_option
def command(mission: str, workspace: Path, deliver: DeliveryMode, is_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Bring the work of MISSION (default: the newest) to you. Never over a file that you changed meanwhile."""
    _, result = act(
        workspace,
        mission,
        lambda ask, m: ask("mission/deliver", {"missionId": m, "delivery": deliver}),
        is_active=False,
    )
    if is_json:
        print_json(result)
    else:
        click.echo(_words(result, workspace))
    sys.exit(1 if result["keptBack"] else 0)


def _words(result: MissionDeliverResult, workspace: Path) -> str:
    if result["keptBack"]:
        return f"not applied, you changed meanwhile: {', '.join(result['keptBack'])}\n{result['detail']}"
    if not result["paths"]:
        return result["detail"] or "nothing to deliver"
    count = counted(len(result["paths"]), "file")
    if result["delivery"] == "apply":
        return f"delivered: {count} written in {result['place'] or workspace}"
    return f"delivered {count} as a {result['delivery']}: {result['detail'] or result['place']}"
