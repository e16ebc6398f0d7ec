"""`orchestrator watch`: a mission as it goes, from its beginning, whoever started it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import anyio
import click

from orchestrator.cli.ending import exit_code, print_event
from orchestrator.cli.following import Followed, Say, Take, accompany, say_on_stderr, server_for, standing
from orchestrator.cli.reaching import on_mission
from orchestrator.cli.workspace_option import json_option, mission_argument, workspace_option
from orchestrator.client import connect_running, lasting
from orchestrator.reading import existing_places, find_mission, read_events, read_missions

_Show = Callable[[Take, Say], Followed]


@click.command("watch", epilog="Example: orchestrator watch --workspace ~/project")
@mission_argument
@workspace_option
@json_option
def command(mission: str, workspace: Path, is_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Follow MISSION (default: the one under way, else the newest) from its beginning to its end.

    Redraws in place on a terminal, prints plain lines elsewhere. Ctrl-C leaves; the mission goes on. Exit codes as
    for `run`.
    """
    past = _past(workspace, mission)
    show: _Show = partial(_live, workspace, mission) if past is None else partial(_replay, past)
    if is_json:
        followed = show(print_event, say_on_stderr)
        click.echo(followed.status.model_dump_json(by_alias=True))
    else:
        from orchestrator.cli.live import LiveView, terminal  # noqa: PLC0415 - loads the drawing when something is drawn
        from orchestrator.cli.seal_view import show_end  # noqa: PLC0415 - as above

        console = terminal()
        with LiveView(console) as view:
            followed = show(view.take, view.say)
        show_end(console, followed.status, followed.events)
    sys.exit(exit_code(followed))


def _live(workspace: Path, wanted: str, take: Take, say: Say) -> Followed:
    async def go() -> Followed:
        async with on_mission(workspace, wanted, is_active=True) as (_, mission_id):
            pass  # only what is meant; the connection that lasts is another one
        async with lasting(partial(server_for, workspace, say), say) as client:
            followed = Followed(await standing(client, mission_id))
            await accompany(client, followed, take)
        return followed

    return anyio.run(go)


def _past(workspace: Path, wanted: str) -> Followed | None:
    """An ended mission from the journal, where no server runs; None when the server must be asked."""
    if anyio.run(_is_served, workspace):
        return None
    found = find_mission(read_missions(workspace), wanted)
    if not found.status.is_terminal:
        return None
    from orchestrator.rpc.mapping import event_view, status_view  # noqa: PLC0415 - only where no server runs

    return Followed(status_view(found), [event_view(item) for item in read_events(workspace, found.id)])


async def _is_served(workspace: Path) -> bool:
    async with connect_running(existing_places(workspace)) as client:
        return client is not None


def _replay(past: Followed, take: Take, _say: Say) -> Followed:
    for event in past.events:
        take(event)
    return past
