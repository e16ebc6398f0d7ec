"""The client of a workspace's shared server: found or started, and found again when the connection is lost."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path

import anyio
from anyio import to_thread

from orchestrator.client.connection import Client, connected
from orchestrator.client.errors import RemoteError, ServerGoneError
from orchestrator.config.places import Places, places
from orchestrator.daemon.reach import Reached, reach, running
from orchestrator.errors import OrchestratorError
from orchestrator.rpc.stdio import FdReceiveStream, FdSendStream
from orchestrator_protocol.event import MissionEvent
from orchestrator_protocol.wire import RequestParams, ResultT

LEAVE_TIMEOUT_S = 5.0
"""How long the server may take to say goodbye."""
GIVE_UP_S = 60.0
"""How long a lost server is looked for."""
_PASSING = frozenset({"server_unreachable", "server_closing", "server_gone", "server_busy", "journal_locked"})
"""Reasons for having no connection that may be over soon."""
_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 2.0

Say = Callable[[str], None]
Connect = Callable[[], AbstractAsyncContextManager[Client]]


def _ignore(_text: str) -> None:
    """For callers with nobody to tell."""


@asynccontextmanager
async def connect_shared(workspace: Path, say: Say = _ignore) -> AsyncGenerator[Client]:
    """A connection to the workspace's server, which is started where none runs. Missions outlive it.

    `say` is told what the person should know. Raises OrchestratorError as `daemon.reach` does, RemoteError when the
    workspace can't be opened.
    """
    async with _over(workspace, await to_thread.run_sync(reach, places(workspace), abandon_on_cancel=True), say) as one:
        yield one


@asynccontextmanager
async def connect_running(where: Places) -> AsyncGenerator[Client | None]:
    """A connection to the server that runs for a workspace; None when there is none."""
    reached = await to_thread.run_sync(running, where, abandon_on_cancel=True)
    if reached is None:
        yield None
        return
    async with _over(where.root, reached, _ignore) as client:
        yield client


@asynccontextmanager
async def _over(workspace: Path, reached: Reached, say: Say) -> AsyncGenerator[Client]:
    if reached.hint:
        say(reached.hint)
    with reached.socket as connection:
        connection.settimeout(0)
        fd = connection.fileno()
        async with connected(FdReceiveStream(fd), FdSendStream(fd)) as client:
            client.closes_with(lambda: _leave(client))
            await client.initialize(workspace)
            try:
                yield client
            finally:
                await client.close()


async def _leave(client: Client) -> None:
    """Say goodbye; whether the server hears it makes no difference to anybody."""
    with anyio.CancelScope(shield=True), anyio.move_on_after(LEAVE_TIMEOUT_S):
        with suppress(RemoteError, ServerGoneError):
            await client.call("shutdown", None)
        client.notify("exit", None)
        client.finish()
        await client.ended.wait()


class LastingClient:
    """A client that outlives its connections. Made by `lasting`."""

    def __init__(self, connect: Connect, say: Say) -> None:
        """`connect` makes one connection after another; `say` is told when one is lost."""
        self._connect = connect
        self._say = say
        self._client: Client | None = None
        self._changed = anyio.Event()
        self._fault: OrchestratorError | None = None

    async def request(self, params: RequestParams[ResultT]) -> ResultT:
        """Ask over the connection that stands. Never asked twice. Raises RemoteError or ServerGoneError."""
        return await (await self.connection()).request(params)

    async def follow(self, after_seq: int = 0, mission_id: str = "") -> AsyncGenerator[MissionEvent]:
        """Events after a sequence number, of one mission or ("") of all, in order, none missed, none twice.

        Goes on over a new connection when one is lost, also with a new server. Raises OrchestratorError when no server
        is found for `GIVE_UP_S`.
        """
        last_seq = after_seq
        while True:
            client = await self.connection()
            with suppress(ServerGoneError):
                async for event in client.follow(last_seq, mission_id):
                    last_seq = event.seq
                    yield event
            await client.ended.wait()
            while self._client is client:
                await self._changed.wait()

    async def connection(self) -> Client:
        """The connection that stands, or the next one. Raises OrchestratorError when there will be none."""
        while self._client is None:
            if self._fault:
                raise self._fault
            await self._changed.wait()
        return self._client

    async def keep(self) -> None:
        """Keep a connection until cancelled, or until no server has been found for too long."""
        lost_s, pause_s, was_up = anyio.current_time(), _FIRST_PAUSE_S, False
        while True:
            try:
                async with self._connect() as client:
                    self._become(client)
                    was_up, pause_s = True, _FIRST_PAUSE_S
                    await client.ended.wait()
                    lost_s = anyio.current_time()
                    self._say(f"{client.end_reason}; connecting again")
            except OrchestratorError as error:
                self._become(None)
                has_time = anyio.current_time() - lost_s < GIVE_UP_S
                if not was_up or error.code not in _PASSING or not has_time:
                    self._fault = error
                    self._tell()
                    return
            self._become(None)
            await anyio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def _become(self, client: Client | None) -> None:
        self._client = client
        self._tell()

    def _tell(self) -> None:
        told, self._changed = self._changed, anyio.Event()
        told.set()


@asynccontextmanager
async def lasting(connect: Connect, say: Say = _ignore) -> AsyncGenerator[LastingClient]:
    """A client that connects again by itself. The first failure to connect is final; later ones are waited out."""
    client = LastingClient(connect, say)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(client.keep)
        yield client
        tasks.cancel_scope.cancel()
