"""Starting a mission on a server of one's own and following it to its end."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import click

from orchestrator.client import Client, RemoteError, connect
from orchestrator_protocol.event import MissionEvent
from orchestrator_protocol.mission import (
    MissionStartParams,
    MissionStatusParams,
    MissionStatusResult,
    MissionStopParams,
)
from orchestrator_protocol.wire import RequestParams, ResultT

_POLL_LOCK_S = 1.0
SERVE = (sys.executable, "-m", "orchestrator", "serve")


@dataclass(slots=True)
class Followed:
    """What came of a mission: its last status, all its events, and whether a person interrupted it."""

    status: MissionStatusResult
    events: list[MissionEvent] = field(default_factory=list[MissionEvent])
    is_interrupted: bool = False


@asynccontextmanager
async def server_for(workspace: Path, say: Callable[[str], None]) -> AsyncGenerator[Client]:
    """A server for this workspace; waits, and says so, while another one owns it."""
    is_told = False
    while True:
        async with connect(SERVE, cwd=Path.cwd(), env=dict(os.environ)) as client:
            try:
                await client.initialize(workspace)
            except RemoteError as error:
                if error.code != "journal_locked":
                    raise
                if not is_told:
                    say(f"{error.message}; waiting for it to end (Ctrl-C to leave)")
                    is_told = True
            else:
                yield client
                return
        await anyio.sleep(_POLL_LOCK_S)


async def ask(workspace: Path, params: RequestParams[ResultT]) -> ResultT:
    """One request to a server of one's own; waits, and says so on stderr, while another one owns the workspace."""
    async with server_for(workspace, lambda text: click.echo(text, err=True)) as client:
        return await client.request(params)


async def follow(
    workspace: Path, params: MissionStartParams, *, take: Callable[[MissionEvent], None], say: Callable[[str], None]
) -> Followed:
    """Start the mission and hand its events to `take` until it has ended.

    One SIGINT or SIGTERM stops the mission gently: its work is kept. A second one leaves at once.
    Raises OrchestratorError when the mission can't be started.
    """
    async with server_for(workspace, say) as client:
        started = await client.request(params)
        if started.queue_position:
            say(f"queued: {started.queue_position} missions run before this one")
        events: list[MissionEvent] = []
        interruption = _Interruption(client, started.mission_id, say)
        async with anyio.create_task_group() as group:
            group.start_soon(interruption.watch)
            async for event in client.notifications:
                if event.mission_id != started.mission_id:
                    continue
                events.append(event)
                take(event)
                if event.type in {"mission.ended", "mission.delivered"}:
                    break
            group.cancel_scope.cancel()
        status = await client.request(MissionStatusParams(mission_id=started.mission_id))
        return Followed(status, events, interruption.count > 0)


class _Interruption:
    """Turns signals into a stop of the mission."""

    def __init__(self, client: Client, mission_id: str, say: Callable[[str], None]) -> None:
        self._client = client
        self._mission_id = mission_id
        self._say = say
        self.count = 0

    async def watch(self) -> None:
        """Wait for signals; the second one ends the process."""
        async with anyio.create_task_group() as group:
            with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
                async for _ in signals:
                    self.count += 1
                    if self.count > 1:
                        raise KeyboardInterrupt
                    self._say("stopping; finished work is kept (once more to leave at once)")
                    group.start_soon(self._stop)

    async def _stop(self) -> None:
        await self._client.request(MissionStopParams(mission_id=self._mission_id))
