"""`orchestrator status`: the missions of a workspace, as its server or else its journal knows them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.reaching import listed_id, plain, print_json
from orchestrator.cli.standing import ENDED, how_it_ended, kept_work, task_lines, waits_for
from orchestrator.cli.workspace_option import json_option, mission_argument, workspace_option
from orchestrator.client.plain import plain_running
from orchestrator.reading import existing_places, find_mission, lone_owner, read_missions

if TYPE_CHECKING:
    from orchestrator_protocol.plain.shapes import MissionStatusResult

_STYLES = {"sealed": "green", "unverified": "yellow", "waiting": "yellow", "failed": "red", "stopped": "dim"}
_NO_SERVER = "no server runs; it goes on when one starts: orchestrator watch"
_MAX_TITLE_CHARACTERS = 120


@click.command("status", epilog="Example: orchestrator status --workspace ~/project")
@mission_argument
@workspace_option
@json_option
def command(mission: str, workspace: Path, is_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Show the missions of a workspace, or one MISSION with its tasks (an id or the beginning of one).

    Says what a mission waits for, and what to type. Starts nothing.
    """
    served = _ask(workspace, mission)
    shown = _read(workspace, mission) if served is None else served
    if is_json:
        for item in shown:
            print_json({**item, "isServed": served is not None})
        return
    if not shown:
        click.echo('no mission yet; start one: orchestrator run "fix all style findings"')
    elif mission:
        _one(shown[0])
    else:
        _table(shown)
    absence = "" if served is not None else _absence(workspace)
    for item in shown:
        for line in _advice(item, absence):
            click.echo(line)


def _ask(workspace: Path, wanted: str) -> list[MissionStatusResult] | None:
    """What the server says; None when none runs, or none that others can reach."""
    with plain_running(existing_places(workspace)) as client:
        if client is None:
            return None
        missions = client.ask("mission/list", {})["missions"]
        wanted_ids = [listed_id(missions, wanted)] if wanted else [mission["missionId"] for mission in missions]
        return [client.ask("mission/status", {"missionId": mission_id}) for mission_id in wanted_ids]


def _absence(workspace: Path) -> str:
    """Why no server was asked, and what that means for a mission that has not ended."""
    owner_pid = lone_owner(existing_places(workspace))
    if not owner_pid:
        return _NO_SERVER
    return f"process {owner_pid} serves one client alone and can't be asked; when it has ended: orchestrator watch"


def _read(workspace: Path, wanted: str) -> list[MissionStatusResult]:
    from orchestrator.rpc.mapping import status_view  # noqa: PLC0415 - only where no server runs

    missions = read_missions(workspace)
    return [plain(status_view(item)) for item in ([find_mission(missions, wanted)] if wanted else missions)]


def _one(status: MissionStatusResult) -> None:
    click.echo(f"# {' '.join(status['text'].split())}\n")
    done = f"{status['counts']['done']} of {status['counts']['total']} tasks done"
    click.echo(f"Mission {status['missionId']}: {how_it_ended(status)}, {done}.\n")
    for line in task_lines(status["tasks"]):
        click.echo(line)
    if status["endReason"]:
        said = (status["endReason"], status["endHint"], kept_work(status))
        click.echo("\n" + "\n".join(line for line in said if line))


def _table(shown: list[MissionStatusResult]) -> None:
    from rich.console import Console  # noqa: PLC0415 - loads the drawing for this table alone
    from rich.table import Table  # noqa: PLC0415 - as above
    from rich.text import Text  # noqa: PLC0415 - as above

    table = Table(box=None, padding=(0, 2), header_style="dim")
    for name in ("mission", "status", "tasks", "what"):
        table.add_column(name, overflow="fold" if name == "what" else "ellipsis", no_wrap=name != "what")
    for item in shown:
        what = Text(" ".join(item["text"].split())[:_MAX_TITLE_CHARACTERS])
        style = _STYLES.get(item["status"], "cyan")
        done = f"{item['counts']['done']}/{item['counts']['total']}"
        table.add_row(item["missionId"], Text(how_it_ended(item), style=style), done, what)
    Console().print(table)


def _advice(status: MissionStatusResult, absence: str) -> list[str]:
    name = status["missionId"]
    if status["status"] in ENDED:
        is_waiting = status["status"] == "sealed" and not status["isDelivered"] and not status["isUndone"]
        return [f"{name} is sealed and not in your files yet: orchestrator deliver {name}"] if is_waiting else []
    lines = waits_for(status)
    return [*lines, f"{name}: {absence} {name}"] if absence else lines
