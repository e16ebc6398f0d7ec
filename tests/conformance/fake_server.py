"""A server with the fake service, for conformance tests: over the process's real standard streams, or shared."""

from __future__ import annotations

import logging
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import anyio
from anyio.abc import TaskStatus

sys.path.insert(0, str(Path(__file__).parent))

from fake_service import FakeService, WordLinter, open_fake

from orchestrator import __version__
from orchestrator.config.places import places
from orchestrator.daemon.ownership import owned
from orchestrator.daemon.shared import SharedServer
from orchestrator.rpc.connections import open_connections
from orchestrator.rpc.limits import DEFAULT, Limits
from orchestrator.rpc.server import serve
from orchestrator.rpc.stdio import claimed_stdio


class NoisyService(FakeService):
    """Prints where it should not, as careless libraries do."""

    async def start(self, request):
        if request.text == "noise":
            print("stray print")
            os.write(1, b"stray write\n")
        return await super().start(request)


def limits() -> Limits:
    """Those of the real server, with the deadlines that a test shortens by environment variables."""
    return replace(
        DEFAULT,
        incomplete_frame_s=float(os.environ.get("FAKE_FRAME_S", "30")),
        slow_reader_s=float(os.environ.get("FAKE_SLOW_S", "30")),
        event_bytes=int(os.environ.get("FAKE_EVENT_BYTES", str(DEFAULT.event_bytes))),
        farewell_s=float(os.environ.get("FAKE_FAREWELL_S", "1")),
        flush_s=max(DEFAULT.flush_s, float(os.environ.get("FAKE_FAREWELL_S", "1"))),
        client_poll_s=0.1,
        drain_s=float(os.environ.get("FAKE_DRAIN_S", "5")),
    )


async def alone() -> int:
    """One client on stdin and stdout."""
    code = 1
    async with anyio.create_task_group() as tasks:
        await tasks.start(end_on_signal, tasks.cancel_scope)
        with claimed_stdio() as (receive, send):
            code = await serve(
                receive,
                send,
                open_service=lambda root: open_fake(root, NoisyService()),
                make_linter=WordLinter,
                limits=limits(),
            )
        tasks.cancel_scope.cancel()
    return code


async def shared(root: Path) -> int:
    """All clients of a workspace, as the real shared server does it; says on stdout when it is ready."""
    where = places(root)
    idle_s = float(os.environ.get("ORCHESTRATOR_IDLE_TIMEOUT_S", "20"))
    version = os.environ.get("FAKE_VERSION", __version__)
    with owned(where) as place:
        async with anyio.create_task_group() as tasks:
            await tasks.start(end_on_signal, tasks.cancel_scope)
            async with open_connections(is_shared=True) as connections, open_fake(root, NoisyService()) as service:
                server = SharedServer(where, place, service, WordLinter, connections, limits(), version)
                await server.run(lambda: print("ready", flush=True), idle_s)
            tasks.cancel_scope.cancel()
    return 0


async def end_on_signal(scope: anyio.CancelScope, *, task_status: TaskStatus[None]) -> None:
    """SIGTERM ends the server as the real one does."""
    with anyio.open_signal_receiver(signal.SIGTERM) as signals:
        task_status.started()
        async for _ in signals:
            scope.cancel()


logging.basicConfig(level=logging.INFO, stream=sys.stderr)
sys.exit(anyio.run(shared, Path(sys.argv[1])) if sys.argv[1:] else anyio.run(alone))
