"""`orchestrator watch`: a mission as it goes, from its beginning, whoever started it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.ending import exit_code, print_event
from orchestrator.cli.reaching import on_mission, say_on_stderr
from orchestrator.cli.workspace_option import json_option, mission_argument, workspace_option
from orchestrator.client.plain import plain_running
from orchestrator.reading import existing_places, find_mission, read_events, read_missions

if TYPE_CHECKING:
    from anyio import CancelScope
    from anyio.abc import TaskStatus

    from orchestrator.cli.following import Followed, Say, Take


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
    show: Callable[[Take, Say], Followed] = (
        partial(_live, workspace, mission) if past is None else partial(_replay, past)
    )
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
    with on_mission(workspace, wanted, is_active=True) as (_, mission_id):
        pass  # only what is meant; the connection that lasts is another one
    import anyio  # noqa: PLC0415 - a mission that has ended is shown without

    from orchestrator.cli.following import Followed, accompany, server_for, standing  # noqa: PLC0415 - as above
    from orchestrator.client import lasting  # noqa: PLC0415 - as above

    async def go() -> Followed | None:
        followed = None
        async with anyio.create_task_group() as group:
            await group.start(_leaving, group.cancel_scope)
            async with lasting(partial(server_for, workspace, say), say) as client:
                followed = Followed(await standing(client, mission_id))
                await accompany(client, followed, take)
            group.cancel_scope.cancel()
            return followed
        return None

    followed = anyio.run(go)
    if followed is None:
        raise KeyboardInterrupt
    return followed


async def _leaving(scope: CancelScope, *, task_status: TaskStatus[None]) -> None:
    """End the scope at the first Ctrl-C. asyncio's own handler cancels once, which can be swallowed on the way."""
    import anyio  # noqa: PLC0415 - as above

    with anyio.open_signal_receiver(signal.SIGINT) as signals:
        task_status.started()
        async for _ in signals:
            scope.cancel()
            return


def _past(workspace: Path, wanted: str) -> Followed | None:
    """A mission that is over, from the journal, where no server runs; None when the server must be asked."""
    with plain_running(existing_places(workspace)) as client:
        if client:
            return None
    found = find_mission(read_missions(workspace), wanted)
    if not found.is_over:
        return None
    from orchestrator.cli.following import Followed  # noqa: PLC0415 - as above
    from orchestrator.rpc.mapping import event_view, status_view  # noqa: PLC0415 - only where no server runs

    return Followed(status_view(found), [event_view(item) for item in read_events(workspace, found.id)])


def _replay(past: Followed, take: Take, _say: Say) -> Followed:
    for event in past.events:
        take(event)
    return past
