"""The server's side of the door: a socket, the handshake, and the end when nobody needs the server any more."""

from __future__ import annotations

import hmac
import logging
import os
import secrets
import socket
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio
from anyio.abc import TaskGroup

from orchestrator import __version__
from orchestrator.config.places import Places, workspace_root
from orchestrator.daemon.address import Address
from orchestrator.daemon.arrival import Arrival, read_arrival
from orchestrator.daemon.card import Card, remove_card, write_card
from orchestrator.daemon.hello import HELLO_TIMEOUT_S, Hello, Welcome, peer_uid
from orchestrator.errors import OrchestratorError
from orchestrator.rpc.connections import Connections
from orchestrator.rpc.editor import MakeLinter
from orchestrator.rpc.limits import DEFAULT, Limits
from orchestrator.rpc.server import serve
from orchestrator.rpc.service import Service
from orchestrator_protocol import PROTOCOL_VERSION

log = logging.getLogger(__name__)

MAX_CLIENTS = 256
"""Connections beyond are refused at the door."""
_AT_REST = frozenset({"waiting", "paused"})
"""Missions that nothing runs for; they are taken up again by a later server."""


@dataclass(frozen=True, slots=True)
class SharedServer:
    """One workspace's service for every client that comes. `version` is what it calls itself at the door."""

    where: Places
    place: Address
    service: Service
    make_linter: MakeLinter
    connections: Connections
    limits: Limits = DEFAULT
    version: str = __version__
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    async def run(self, is_ready: Callable[[], None], idle_s: float) -> None:
        """Listen until nobody needs the server or the scope around it is cancelled. Raises OrchestratorError."""
        path = self.place.new_socket()
        card = Card(os.getpid(), str(path), self.token, self.version, PROTOCOL_VERSION, str(self.where.root))
        with _listening(path) as listener:
            try:
                write_card(self.place.card, card)
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(self._end_when_unused, idle_s, tasks)
                    is_ready()
                    await self._accept(listener, tasks)
            finally:
                remove_card(self.place.card, card.pid)

    # Who needs the server.

    @property
    def is_used(self) -> bool:
        """Whether a client is there, or a mission runs or waits for its turn."""
        return bool(self.connections.peers) or any(
            not mission.is_over and mission.status.value not in _AT_REST for mission in self.service.missions()
        )

    async def _end_when_unused(self, idle_s: float, tasks: TaskGroup) -> None:
        used_s = anyio.current_time()
        pause_s = max(0.05, min(1.0, idle_s / 4))
        while True:
            await anyio.sleep(pause_s)
            if self.is_used:
                used_s = anyio.current_time()
            if not self.where.root.is_dir() or not self.place.card.exists():
                reason = "the workspace's folder, or its state folder, is gone"
            elif anyio.current_time() - used_s >= idle_s:
                reason = f"nobody has used the server for {idle_s:g} s"
            else:
                continue
            log.info("ending: %s", reason)
            self.connections.closing_reason = reason
            tasks.cancel_scope.cancel()
            return

    # Who comes.

    async def _accept(self, listener: socket.socket, tasks: TaskGroup) -> None:
        try:
            while True:
                await anyio.wait_readable(listener)
                try:
                    connection, _ = listener.accept()
                except OSError as error:
                    log.warning("a client could not be let in: %s", error)
                    await anyio.sleep(0.1)  # out of descriptors: some time for others to leave
                    continue
                tasks.start_soon(self._let_in, connection, tasks)
        finally:
            remove_card(self.place.card, os.getpid())  # while requests under way end, nobody comes here any more

    async def _let_in(self, connection: socket.socket, tasks: TaskGroup) -> None:
        try:
            with connection:
                connection.settimeout(0)
                if peer_uid(connection) != os.getuid():
                    log.warning("a client of another user was sent away")
                    return
                arrival = None
                with anyio.move_on_after(HELLO_TIMEOUT_S):
                    arrival = await read_arrival(connection)
                if arrival:
                    with arrival:
                        await self._greet(arrival, tasks)
        except OSError as error:
            log.info("a client left at the door: %s", error)
        except Exception:
            log.exception("a connection ended by a defect")

    async def _greet(self, arrival: Arrival, tasks: TaskGroup) -> None:
        welcome = self._judge(arrival.hello)
        with anyio.fail_after(HELLO_TIMEOUT_S):
            await arrival.answer(welcome)
            if not welcome.is_open:
                return
            if arrival.hello.action == "retire":
                log.info("ending: version %s wants to take over", arrival.hello.version)
                tasks.cancel_scope.cancel()
                return
            receive, send = await arrival.streams()
        code = 1
        async with anyio.create_task_group() as both:
            if arrival.has_descriptors:
                both.start_soon(_until_gone, arrival, both.cancel_scope)
            code = await serve(
                receive,
                send,
                open_service=self._opened,
                make_linter=self.make_linter,
                limits=self.limits,
                connections=self.connections,
                greeting=self._greeting(arrival.hello),
                last_words=lambda: self.connections.closing_reason,
                has_left=lambda: arrival.is_gone,
            )
            both.cancel_scope.cancel()
        await arrival.say_exit_code(code)

    def _greeting(self, hello: Hello) -> str:
        if hello.version == self.version:
            return ""
        return (
            f"The server of this workspace is version {self.version}, what you started is {hello.version}. "
            "The server is replaced by a newer one once its missions have ended and all clients have left."
        )

    @asynccontextmanager
    async def _opened(self, folder: Path) -> AsyncGenerator[Service]:
        """The service for a client of this workspace; it stays open when the client leaves."""
        if workspace_root(folder) != self.where.root:
            reason = f"this server serves {self.where.root}, not {folder}"
            raise OrchestratorError("wrong_workspace", reason, "start a connection for each workspace")
        yield self.service

    def _judge(self, hello: Hello) -> Welcome:
        if not hmac.compare_digest(hello.token.encode(), self.token.encode()):
            return self._no("server_unreachable", "the token is not this server's", "try again")
        if hello.action == "retire" and self.is_used:
            return self._no("server_outdated", "this server is in use", "let its missions end and its clients leave")
        if len(self.connections.peers) >= MAX_CLIENTS:
            return self._no("server_busy", f"{MAX_CLIENTS} clients are connected", "close some")
        return Welcome(is_open=True, version=self.version, protocol=PROTOCOL_VERSION)

    def _no(self, code: str, reason: str, hint: str) -> Welcome:
        return Welcome(
            is_open=False, version=self.version, protocol=PROTOCOL_VERSION, code=code, message=reason, hint=hint
        )


async def _until_gone(arrival: Arrival, scope: anyio.CancelScope) -> None:
    await arrival.wait_until_gone()
    log.info("a client's process is gone")
    arrival.is_gone = True
    scope.cancel()


@contextmanager
def _listening(path: Path) -> Generator[socket.socket]:
    """A socket that only this user can reach; what a server that died has left is replaced."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            listener.bind(str(path))
        finally:
            os.umask(before)
        listener.listen(128)
        listener.settimeout(0)
        yield listener
    except OSError as error:
        raise OrchestratorError("server_unreachable", f"nobody can listen on {path}: {error.strerror}") from None
    finally:
        listener.close()
        path.unlink(missing_ok=True)
