"""A server over the process's real standard streams, with the fake service: what conformance tests talk to."""

from __future__ import annotations

import logging
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import anyio

sys.path.insert(0, str(Path(__file__).parent))

from fake_service import FakeService, WordLinter, open_fake

from orchestrator.rpc.limits import DEFAULT
from orchestrator.rpc.server import serve
from orchestrator.rpc.stdio import claimed_stdio


class NoisyService(FakeService):
    """Prints where it should not, as careless libraries do."""

    async def start(self, request):
        if request.text == "noise":
            print("stray print")
            os.write(1, b"stray write\n")
        return await super().start(request)


async def main() -> int:
    limits = replace(
        DEFAULT,
        incomplete_frame_s=float(os.environ.get("FAKE_FRAME_S", "30")),
        slow_reader_s=float(os.environ.get("FAKE_SLOW_S", "30")),
        client_poll_s=0.1,
    )
    code = 1
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(end_on_signal, tasks.cancel_scope)
        with claimed_stdio() as (receive, send):
            code = await serve(
                receive,
                send,
                open_service=lambda root: open_fake(root, NoisyService()),
                linter=WordLinter(),
                limits=limits,
            )
        tasks.cancel_scope.cancel()
    return code


async def end_on_signal(scope: anyio.CancelScope) -> None:
    """SIGTERM ends the server as the real one does."""
    with anyio.open_signal_receiver(signal.SIGTERM) as signals:
        async for _ in signals:
            scope.cancel()


logging.basicConfig(level=logging.INFO, stream=sys.stderr)
sys.exit(anyio.run(main))
