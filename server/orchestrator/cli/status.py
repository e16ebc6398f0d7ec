"""`orchestrator status`: the missions of a workspace, read from the journal."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from orchestrator.cli.workspace_option import json_option, mission_argument, workspace_option
from orchestrator.domain.mission import Mission
from orchestrator.domain.todo import render
from orchestrator.domain.words import MissionStatus, TaskStatus

_STYLES = {
    MissionStatus.SEALED: "green",
    MissionStatus.UNVERIFIED: "yellow",
    MissionStatus.WAITING: "yellow",
    MissionStatus.FAILED: "red",
    MissionStatus.STOPPED: "dim",
}


@click.command("status", epilog="Example: orchestrator status --workspace ~/project")
@mission_argument
@workspace_option
@json_option
def command(mission: str, workspace: Path, is_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Show the missions of a workspace, or one MISSION with its tasks (an id or the beginning of one)."""
    from orchestrator.reading import find_mission, read_missions  # noqa: PLC0415 - loads the journal for this command alone

    missions = read_missions(workspace)
    shown = [find_mission(missions, mission)] if mission else missions
    if is_json:
        for item in shown:
            click.echo(json.dumps(_as_json(item), ensure_ascii=False))
        return
    if not shown:
        click.echo('no mission yet; start one: orchestrator run "fix all style findings"')
        return
    if mission:
        click.echo(render(shown[0]), nl=False)
        if shown[0].end_reason:
            click.echo(f"\n{shown[0].end_reason}\n{shown[0].end_hint}".rstrip())
        return
    _table(shown)
    for item in shown:
        if item.status is MissionStatus.SEALED and not item.is_delivered:
            click.echo(f"{item.id} is sealed and not in your files yet: orchestrator deliver {item.id}")


def _table(missions: list[Mission]) -> None:
    table = Table(box=None, padding=(0, 2), header_style="dim")
    for name in ("mission", "status", "tasks", "what"):
        table.add_column(name, overflow="fold" if name == "what" else "ellipsis", no_wrap=name != "what")
    for item in missions:
        status = Text(item.status.value, style=_STYLES.get(item.status, "cyan"))
        table.add_row(item.id, status, f"{_done(item)}/{len(item.tasks)}", Text(" ".join(item.text.split())[:120]))
    Console().print(table)


def _done(mission: Mission) -> int:
    return sum(1 for task in mission.tasks.values() if task.status is TaskStatus.DONE)


def _as_json(mission: Mission) -> dict[str, object]:
    return {
        "missionId": mission.id,
        "status": mission.status.value,
        "text": mission.text,
        "host": mission.host,
        "iteration": mission.iteration,
        "tipTree": mission.tip_tree,
        "endCode": mission.end_code,
        "endReason": mission.end_reason,
        "tasks": [
            {"id": task.spec.id, "title": task.spec.title, "status": task.status.value, "reason": task.reason}
            for task in mission.tasks.values()
        ],
    }
