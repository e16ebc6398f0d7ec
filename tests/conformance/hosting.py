"""A client that hosts sessions, over the real server: in this process, or through a workspace's shared server."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
from anyio import to_thread
from anyio.abc import ByteReceiveStream, ByteSendStream, TaskGroup
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from orchestrator.app import open_missions
from orchestrator.client.connection import Client, connected
from orchestrator.config.places import places
from orchestrator.daemon.reach import reach
from orchestrator.rpc import message
from orchestrator.rpc.connections import open_connections
from orchestrator.rpc.server import serve
from orchestrator.rpc.stdio import FdReceiveStream, FdSendStream

Json = dict[str, Any]
HOSTS: Json = {"host": {"name": "test", "containment": "mediated"}, "approve": {"plans": True, "permissions": True}}
PLAN: Json = {
    "tasks": [{"id": "one", "title": "Write b.py", "why": "asked", "write_set": ["b.py"], "instructions": "write"}]
}


class HostingClient:
    """One connection that hosts. `known` are the sessions that it knows by place, and may be shared with others.

    `work` is what a worker does in its turn. `asked` are the questions that were pushed, `heard` all methods that came.
    """

    def __init__(
        self,
        client: Client,
        tasks: TaskGroup,
        known: dict[str, Json],
        work: Callable[[HostingClient, str], Awaitable[None]],
    ) -> None:
        self.client = client
        self.known = known
        self.asked: list[Json] = []
        self.events: list[Json] = []
        self.heard: list[str] = []
        self.can_host = True
        self._tasks = tasks
        self._work = work
        self._inner = client._take
        client._take = self._take

    def _take(self, received: message.Message) -> None:
        match received:
            case message.Request():
                self.heard.append(received.method)
                self._answer(received)
            case message.Notification("permission/request", params):
                self.asked.append(params)
            case message.Notification("mission/event", params):
                self.events.append(params)
            case _:
                self._inner(received)

    def _answer(self, request: message.Request) -> None:
        put, params = self.client._outbox.put, request.params
        if not self.can_host:
            put(message.encode_error(request.id, "method_not_found", f"{request.method} is not served here"))
            return
        answer: Json = {}
        match request.method:
            case "session/create":
                answer = {"place": f"place-{len(self.known) + 1}"}
                self.known[answer["place"]] = {**params, "isBusy": False}
            case "session/messages":
                session = self.known.get(params["place"])
                answer = {"isAlive": session is not None, "isBusy": bool(session and session["isBusy"]), "messages": []}
            case "session/prompt":
                self.known[params["place"]]["isBusy"] = True
                self._tasks.start_soon(self._turn, params["sessionId"], params["place"])
            case "session/delete":
                self.known.pop(params["place"], None)
            case _:
                pass
        put(message.encode_result(request.id, answer))

    async def _turn(self, session_id: str, place: str) -> None:
        if self.known[place]["role"] == "planner":
            self.end(session_id, place, json.dumps(PLAN))
            return
        await self._work(self, session_id)
        self.end(session_id, place, "done")

    def end(self, session_id: str, place: str, text: str) -> None:
        """The turn has ended."""
        self.known[place]["isBusy"] = False
        self.client.notify("session/event", {"sessionId": session_id, "type": "idle", "text": text})

    async def call(self, method: str, **params: object) -> Any:
        """Ask the server."""
        return await self.client.call(method, params)

    async def ended(self, mission_id: str) -> Json:
        """The status of a mission once it has ended."""
        await self.until(
            lambda: any(e["type"] == "mission.ended" or e["type"] == "mission.sealed" for e in self.events)
        )
        while True:
            status = await self.call("mission/status", missionId=mission_id)
            if status["status"] in {"sealed", "unverified", "failed", "stopped"}:
                return status
            await anyio.sleep(0.02)

    async def until(self, is_true: Callable[[], bool], timeout_s: float = 60.0) -> None:
        """Wait, with a generous deadline."""
        with anyio.fail_after(timeout_s):
            while not is_true():  # noqa: ASYNC110 - any condition
                await anyio.sleep(0.01)


async def write_b(host: HostingClient, session_id: str, content: str = "b = 1\n") -> None:
    """A worker that pays for one model call and writes b.py."""
    held = await host.call("budget/reserve", sessionId=session_id, tokens=1_000, moneyUsd=0.5)
    arguments = {"path": "b.py", "content": content}
    wrote = await host.call("tool/call", sessionId=session_id, tool="write_file", arguments=arguments)
    assert not wrote["isError"], wrote
    used = {"sessionId": session_id, "reservationId": held["reservationId"], "tokens": 400, "moneyUsd": 0.25}
    await host.call("budget/settle", **used)


Come = Callable[..., Any]


@asynccontextmanager
async def _hosting(
    receive: ByteReceiveStream,
    send: ByteSendStream,
    root: Path,
    *,
    known: dict[str, Json] | None = None,
    work: Callable[[HostingClient, str], Awaitable[None]] = write_b,
    ours: Json = HOSTS,
    name: str = "test",
    can_host: bool = True,
) -> AsyncGenerator[HostingClient]:
    async with connected(receive, send) as client, anyio.create_task_group() as tasks:
        host = HostingClient(client, tasks, {} if known is None else known, work)
        host.can_host = can_host
        params = {
            "rootUri": root.as_uri(),
            "clientInfo": {"name": name},
            "capabilities": {"experimental": {"orchestrator": ours}},
        }
        await client.call("initialize", params)
        yield host
        tasks.cancel_scope.cancel()


class _Reader(ByteReceiveStream):
    def __init__(self, source: MemoryObjectReceiveStream[bytes]) -> None:
        self._source, self._rest = source, b""

    async def receive(self, max_bytes: int = 65_536) -> bytes:
        data = self._rest or await self._source.receive()
        self._rest = data[max_bytes:]
        return data[:max_bytes]

    async def aclose(self) -> None:
        self._source.close()


class _Writer(ByteSendStream):
    def __init__(self, sink: MemoryObjectSendStream[bytes]) -> None:
        self._sink = sink

    async def send(self, item: bytes) -> None:
        await self._sink.send(bytes(item))

    async def aclose(self) -> None:
        self._sink.close()


def _pipe() -> tuple[_Reader, _Writer]:
    sink, source = anyio.create_memory_object_stream[bytes](100)
    return _Reader(source), _Writer(sink)


@asynccontextmanager
async def in_process(root: Path) -> AsyncGenerator[Come]:
    """The real server in this process; answers what connects a client to it, which leaves when its context ends."""
    async with open_missions(root) as service, open_connections(is_shared=True) as connections:

        @asynccontextmanager
        async def opened(_root: Path) -> AsyncGenerator[Any]:
            yield service

        @asynccontextmanager
        async def come(**more: Any) -> AsyncGenerator[HostingClient]:
            (server_in, client_out), (client_in, server_out) = _pipe(), _pipe()

            async def run() -> None:
                await serve(server_in, server_out, open_service=opened, make_linter=None, connections=connections)
                await server_out.aclose()

            try:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(run)
                    try:
                        async with _hosting(client_in, client_out, root, **more) as host:
                            yield host
                    finally:
                        await client_out.aclose()
                        await client_in.aclose()
            finally:
                await server_in.aclose()
                await server_out.aclose()

        yield come


@asynccontextmanager
async def through_shared(root: Path) -> AsyncGenerator[Come]:
    """The same through the workspace's shared server, a process of its own."""

    @asynccontextmanager
    async def come(**more: Any) -> AsyncGenerator[HostingClient]:
        reached = await to_thread.run_sync(reach, places(root))
        with reached.socket as connection:
            connection.settimeout(0)
            fd = connection.fileno()
            async with _hosting(FdReceiveStream(fd), FdSendStream(fd), root, **more) as host:
                yield host

    yield come
