"""Starting a mission on the workspace's server, and following one to its end."""

from __future__ import annotations

import signal
import sys
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import anyio
from anyio.abc import TaskGroup, TaskStatus

from orchestrator.client import Client, LastingClient, ServerGoneError, connect_shared, lasting
from orchestrator.errors import OrchestratorError
from orchestrator_protocol.event import MissionEvent, MissionEventsParams
from orchestrator_protocol.mission import (
    MissionStatusParams,
    MissionStatusResult,
    MissionStopParams,
)

_POLL_LOCK_S = 1.0
_POLL_LOST_S = 0.05
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
SERVE = (sys.executable, "-m", "orchestrator", "serve")
Take = Callable[[MissionEvent], None]
Say = Callable[[str], None]


@dataclass(slots=True)
class Followed:
    """What came of a mission: its last status, all its events, and whether a person interrupted it."""

    status: MissionStatusResult
    events: list[MissionEvent] = field(default_factory=list[MissionEvent])
    is_interrupted: bool = False


@asynccontextmanager
async def server_for(workspace: Path, say: Say) -> AsyncGenerator[Client]:
    """A connection to this workspace's server; waits, and says so, while one that serves a single client owns it."""
    is_told = False
    while True:
        try:
            async with connect_shared(workspace, say) as client:
                yield client
                return
        except OrchestratorError as error:
            if error.code != "journal_locked":
                raise
            if not is_told:
                say(f"{error.message}; waiting for it to end (Ctrl-C to leave)")
                is_told = True
        await anyio.sleep(_POLL_LOCK_S)


@contextmanager
def noted_signals() -> Generator[list[int]]:
    """The first SIGINT or SIGTERM is noted in the list and does nothing else; a second one leaves at once.

    For the time between the start of a mission and `follow`, which takes over from there.
    """
    noted: list[int] = []

    def note(number: int, _frame: object) -> None:
        if noted:
            raise KeyboardInterrupt
        noted.append(number)

    before = {number: signal.signal(number, note) for number in _SIGNALS}
    try:
        yield noted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def follow(
    workspace: Path, mission_id: str, noted: list[int], *, take: Take, say: Say, is_attended: bool = True
) -> Followed:
    """Hand the events of a mission that was started here to `take` until it has ended.

    One SIGINT or SIGTERM, also one that was `noted` before, stops the mission gently: its work is kept. A second one
    leaves at once; once it is leaving they are ignored, until the caller's `noted_signals` ends. A client that is
    killed leaves the mission running; a server that is lost is looked for, and nothing of the story is missed. Without
    somebody who attends, it also returns when the mission waits for a person.
    Raises OrchestratorError.
    """
    async with lasting(partial(server_for, workspace, say), say) as client:
        interruption = _Interruption(client, mission_id, noted, say)
        followed = Followed(await standing(client, mission_id))
        async with anyio.create_task_group() as group:
            await group.start(interruption.watch)
            await accompany(client, followed, take, is_attended=is_attended)
            group.cancel_scope.cancel()
        followed.is_interrupted = interruption.count > 0
        return followed


async def accompany(client: LastingClient, followed: Followed, take: Take, *, is_attended: bool = True) -> None:
    """Hand every event of a mission to `take`, from its first one on, until it has ended (or, unattended, waits).

    `followed` begins with the mission's status; events and the last status are put into it.
    """
    mission_id = followed.status.mission_id
    if not followed.status.is_over:
        stops = {"mission.ended", "mission.delivered", *(() if is_attended else ("question.asked",))}
        async for event in client.follow(0, mission_id):
            followed.events.append(event)
            take(event)
            if event.type in stops and _is_over(await standing(client, mission_id), is_attended=is_attended):
                break
    # A mission that was tried again has ended more than once: what came after an earlier end is still to be read.
    await _catch_up(client, mission_id, followed.events, take)
    followed.status = await standing(client, mission_id)


async def standing(client: LastingClient, mission_id: str) -> MissionStatusResult:
    """The mission as it stands; asked again over a new connection when one is lost. Raises OrchestratorError."""
    while True:
        try:
            return await client.request(MissionStatusParams(mission_id=mission_id))
        except ServerGoneError:
            await anyio.sleep(_POLL_LOST_S)


def _is_over(status: MissionStatusResult, *, is_attended: bool) -> bool:
    return status.is_over or (status.status == "waiting" and not is_attended)


async def _catch_up(client: LastingClient, mission_id: str, events: list[MissionEvent], take: Take) -> None:
    while True:
        last_seq = events[-1].seq if events else 0
        page = await client.request(MissionEventsParams(mission_id=mission_id, after_seq=last_seq))
        if not page.events:
            return
        for event in page.events:
            events.append(event)
            take(event)


class _Interruption:
    """Turns signals into a stop of the mission."""

    def __init__(self, client: LastingClient, mission_id: str, noted: list[int], say: Say) -> None:
        self._client = client
        self._mission_id = mission_id
        self._noted = noted
        self._say = say

    @property
    def count(self) -> int:
        """How often a person has interrupted."""
        return len(self._noted)

    async def watch(self, *, task_status: TaskStatus[None]) -> None:
        """Wait for signals; the second one ends the process."""
        try:
            async with anyio.create_task_group() as group:
                with anyio.open_signal_receiver(*_SIGNALS) as signals:
                    task_status.started()
                    if self._noted:
                        self._begin(group)
                    async for number in signals:
                        self._noted.append(number)
                        if self.count > 1:
                            raise KeyboardInterrupt
                        self._begin(group)
        finally:
            # The event loop is about to close, which must not be interrupted half way.
            for number in _SIGNALS:
                signal.signal(number, signal.SIG_IGN)

    def _begin(self, group: TaskGroup) -> None:
        self._say("stopping; finished work is kept (once more to leave at once)")
        group.start_soon(self._stop)

    async def _stop(self) -> None:
        await self._client.request(MissionStopParams(mission_id=self._mission_id))
