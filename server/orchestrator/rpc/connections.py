"""What all connections of one server share: who is there, and the stream of events."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
from anyio.abc import TaskGroup

from orchestrator.rpc.dispatch import Dispatcher
from orchestrator.rpc.feed import EventFeed
from orchestrator.rpc.peer import Peer
from orchestrator.rpc.service import Service


class Connections:
    """The clients of one server.

    `is_shared`: it serves a workspace for all of them and outlives them; else it serves one client alone.
    """

    def __init__(self, tasks: TaskGroup, *, is_shared: bool) -> None:
        """Nobody is there yet."""
        self.is_shared = is_shared
        self.closing_reason = "the server was asked to end" if is_shared else ""
        """What clients are told when the server ends; "" for nothing."""
        self.peers: dict[str, Peer] = {}
        self.changed = anyio.Event()
        """Set, and replaced, when a client comes or leaves."""
        self._tasks = tasks
        self._began_s = time.monotonic()
        self._numbers = itertools.count(1)
        self._feeds: dict[int, EventFeed] = {}

    @property
    def uptime_s(self) -> float:
        """Since the server began."""
        return time.monotonic() - self._began_s

    def enter(self, dispatcher: Dispatcher) -> Peer:
        """A client that comes."""
        peer = Peer(f"c{next(self._numbers)}", dispatcher, self)
        self.peers[peer.id] = peer
        self._tell()
        return peer

    def leave(self, peer: Peer) -> None:
        """A client that has left: nobody waits for it any longer."""
        self.peers.pop(peer.id, None)
        peer.closed.set()
        self._tell()

    def feed(self, service: Service) -> EventFeed:
        """The events of a service, read and encoded once for all clients; running from now on."""
        feed = self._feeds.get(id(service))
        if feed is None or feed.has_ended:
            feed = self._feeds[id(service)] = EventFeed(service)
            self._tasks.start_soon(feed.run)
        return feed

    def _tell(self) -> None:
        told, self.changed = self.changed, anyio.Event()
        told.set()


@asynccontextmanager
async def open_connections(*, is_shared: bool) -> AsyncGenerator[Connections]:
    """The shared part of a server's connections, until the context ends."""
    async with anyio.create_task_group() as tasks:
        yield Connections(tasks, is_shared=is_shared)
        tasks.cancel_scope.cancel()


def memory_bytes() -> int | None:
    """Resident memory of this process; None where the system does not tell."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 - no path object for a file of the kernel
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None
