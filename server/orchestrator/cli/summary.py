"""`orchestrator summary`: what a mission did, and what proves it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.reaching import look, plain, print_json
from orchestrator.cli.workspace_option import json_option, mission_argument, workspace_option
from orchestrator.errors import OrchestratorError
from orchestrator.reading import read_page, read_summary

if TYPE_CHECKING:
    from orchestrator.domain.mission import Mission
    from orchestrator_protocol.plain import shapes
    from orchestrator_protocol.plain.asking import Ask


@click.command("summary", epilog="Example: orchestrator summary m-4be1 --workspace ~/project | less")
@mission_argument
@workspace_option
@click.option("--html", "page", type=click.Path(path_type=Path, dir_okay=False), help="Write it as one HTML file.")
@json_option
def command(mission: str, workspace: Path, page: Path | None, is_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Show the story of MISSION (default: the newest): tasks, refused work, receipts and seal. Starts nothing."""

    def read(found: Mission) -> shapes.MissionSummaryResult:
        from orchestrator.rpc.mapping import status_view  # noqa: PLC0415 - only where no server runs

        html = read_page(workspace, found) if page else ""
        return {"markdown": read_summary(workspace, found), "status": plain(status_view(found)), "page": html}

    def asked(ask: Ask, mission_id: str) -> shapes.MissionSummaryResult:
        return ask("mission/summary", {"missionId": mission_id, "wantsPage": page is not None})

    result = look(workspace, mission, asked, read)
    if page:
        _write(page, result["page"])
        click.echo(f"written: {page}", err=True)
    elif is_json:
        print_json(result)
    else:
        click.echo(result["markdown"], nl=False)


def _write(page: Path, html: str) -> None:
    try:
        page.write_text(html, encoding="utf-8")
    except OSError as error:
        reason = f"can't write {page}: {error.strerror}"
        raise OrchestratorError("bad_usage", reason, "name a file in a folder that exists") from error
