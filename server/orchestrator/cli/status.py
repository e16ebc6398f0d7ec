"""`orchestrator status`: the missions of a workspace, as its server or else its journal knows them."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import click

from orchestrator.cli.following import ENDED
from orchestrator.cli.standing import task_lines, waits_for
from orchestrator.cli.workspace_option import json_option, mission_argument, workspace_option
from orchestrator.reading import existing_places, find_id, find_mission, read_missions
from orchestrator_protocol.mission import MissionListParams, MissionStatusParams, MissionStatusResult

_STYLES = {"sealed": "green", "unverified": "yellow", "waiting": "yellow", "failed": "red", "stopped": "dim"}
_NO_SERVER = "no server runs; it goes on when one starts: orchestrator watch"


@click.command("status", epilog="Example: orchestrator status --workspace ~/project")
@mission_argument
@workspace_option
@json_option
def command(mission: str, workspace: Path, is_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Show the missions of a workspace, or one MISSION with its tasks (an id or the beginning of one).

    Says what a mission waits for, and what to type. Starts nothing.
    """
    served = anyio.run(_ask, workspace, mission)
    shown = _read(workspace, mission) if served is None else served
    if is_json:
        for item in shown:
            facts = {**item.model_dump(mode="json", by_alias=True), "isServed": served is not None}
            click.echo(json.dumps(facts, ensure_ascii=False))
        return
    if not shown:
        click.echo('no mission yet; start one: orchestrator run "fix all style findings"')
    elif mission:
        _one(shown[0])
    else:
        _table(shown)
    for item in shown:
        for line in _advice(item, is_served=served is not None):
            click.echo(line)


async def _ask(workspace: Path, wanted: str) -> list[MissionStatusResult] | None:
    """What the server says; None when none runs."""
    from orchestrator.client import connect_running  # noqa: PLC0415 - keeps help and wrong usage quick

    async with connect_running(existing_places(workspace)) as client:
        if client is None:
            return None
        ids = [mission.mission_id for mission in (await client.request(MissionListParams())).missions]
        wanted_ids = [find_id(ids, wanted)] if wanted else ids
        return [await client.request(MissionStatusParams(mission_id=mission_id)) for mission_id in wanted_ids]


def _read(workspace: Path, wanted: str) -> list[MissionStatusResult]:
    from orchestrator.rpc.mapping import status_view  # noqa: PLC0415 - only where no server runs

    missions = read_missions(workspace)
    return [status_view(item) for item in ([find_mission(missions, wanted)] if wanted else missions)]


def _one(status: MissionStatusResult) -> None:
    click.echo(f"# {' '.join(status.text.split())}\n")
    done = f"{status.counts.done} of {status.counts.total} tasks done"
    click.echo(f"Mission {status.mission_id}: {status.status}, {done}.\n")
    for line in task_lines(status.tasks):
        click.echo(line)
    if status.end_reason:
        click.echo(f"\n{status.end_reason}\n{status.end_hint}".rstrip())


def _table(shown: list[MissionStatusResult]) -> None:
    from rich.console import Console  # noqa: PLC0415 - loads the drawing for this table alone
    from rich.table import Table  # noqa: PLC0415 - as above
    from rich.text import Text  # noqa: PLC0415 - as above

    table = Table(box=None, padding=(0, 2), header_style="dim")
    for name in ("mission", "status", "tasks", "what"):
        table.add_column(name, overflow="fold" if name == "what" else "ellipsis", no_wrap=name != "what")
    for item in shown:
        what = Text(" ".join(item.text.split())[:120])
        style = _STYLES.get(item.status, "cyan")
        done = f"{item.counts.done}/{item.counts.total}"
        table.add_row(item.mission_id, Text(item.status, style=style), done, what)
    Console().print(table)


def _advice(status: MissionStatusResult, *, is_served: bool) -> list[str]:
    name = status.mission_id
    if status.status in ENDED:
        is_waiting = status.status == "sealed" and not status.is_delivered and not status.is_undone
        return [f"{name} is sealed and not in your files yet: orchestrator deliver {name}"] if is_waiting else []
    lines = waits_for(status)
    return lines if is_served else [*lines, f"{name}: {_NO_SERVER} {name}"]
