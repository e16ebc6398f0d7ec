"""One mission of the workspace, by the name that a person gave: on the server, or in the journal where none runs."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import anyio
import click
from pydantic import ValidationError

from orchestrator.cli.following import ENDED, say_on_stderr, server_for
from orchestrator.client import Client, connect_running
from orchestrator.errors import OrchestratorError
from orchestrator.reading import existing_places, find_id, find_mission, read_missions
from orchestrator_protocol.mission import MissionListParams, MissionSummary
from orchestrator_protocol.wire import RequestParams, ResultT

if TYPE_CHECKING:
    from orchestrator.domain.mission import Mission

_T = TypeVar("_T")


@asynccontextmanager
async def on_mission(workspace: Path, wanted: str, *, is_active: bool) -> AsyncGenerator[tuple[Client, str]]:
    """A connection to the workspace's server, started where none runs, and the id of the mission that is meant.

    "" means the newest mission; with `is_active` the one that is under way, if one is. Raises OrchestratorError.
    """
    if not existing_places(workspace).journal.exists():
        find_id([], wanted)  # says that there is none, and starts nothing for it
    async with server_for(workspace, say_on_stderr) as client:
        yield client, await _meant(client, wanted, is_active=is_active)


def act(
    workspace: Path, wanted: str, make: Callable[[str], RequestParams[ResultT]], *, is_active: bool
) -> tuple[str, ResultT]:
    """Ask the server something about one mission; the mission's id and the answer. Raises OrchestratorError."""

    async def ask() -> tuple[str, ResultT]:
        async with on_mission(workspace, wanted, is_active=is_active) as (client, mission_id):
            return mission_id, await client.request(fitting(lambda: make(mission_id)))

    return anyio.run(ask)


def look(
    workspace: Path, wanted: str, ask: Callable[[Client, str], Awaitable[_T]], read: Callable[[Mission], _T]
) -> _T:
    """What the server says about one mission, or, where none runs, what the journal says. Starts nothing."""
    where = existing_places(workspace)

    async def go() -> _T | None:
        async with connect_running(where) as client:
            if client is None:
                return None
            try:
                return await ask(client, await _meant(client, wanted, is_active=False))
            except OrchestratorError as error:
                if error.code != "unknown_mission":
                    raise
                return None  # a server keeps the newest missions in memory; the journal knows the others

    if (answer := anyio.run(go)) is not None:
        return answer
    return read(find_mission(read_missions(workspace), wanted))


def fitting(make: Callable[[], _T]) -> _T:
    """Params as the protocol wants them; what does not fit is wrong usage, named by its field."""
    try:
        return make()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise click.UsageError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


async def _meant(client: Client, wanted: str, *, is_active: bool) -> str:
    missions = (await client.request(MissionListParams())).missions
    if not wanted and is_active and (found := _active(missions)):
        return found
    return find_id([mission.mission_id for mission in missions], wanted)


def _active(missions: Sequence[MissionSummary]) -> str:
    """The mission that is under way; those behind it are queued."""
    idle = {"queued", *ENDED}
    return next((mission.mission_id for mission in missions if mission.status not in idle), "")
