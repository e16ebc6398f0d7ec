"""The composition root of servers: one for a workspace and all its clients, one for a single client, and the way in."""

from __future__ import annotations

import json
import logging
import os
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
from anyio.abc import TaskStatus

from orchestrator.config.places import log_file, places
from orchestrator.daemon.filesystem import refuse_network
from orchestrator.daemon.gate import Passed, pass_gate
from orchestrator.daemon.idle import idle_timeout_s
from orchestrator.daemon.ownership import owned
from orchestrator.daemon.proxy import wait_for_end
from orchestrator.daemon.reach import Reached, reach
from orchestrator.daemon.shared import SharedServer
from orchestrator.errors import OrchestratorError
from orchestrator.ports.linter import Linter
from orchestrator.rpc.connections import Connections, open_connections
from orchestrator.rpc.server import serve
from orchestrator.rpc.stdio import claimed_stdio
from orchestrator.telemetry.log import log_to_file

if TYPE_CHECKING:
    from orchestrator.engine.service import MissionService

_log = logging.getLogger(__name__)
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


# One client alone, in this process.


def serve_in_process(ahead: bytes = b"") -> int:
    """Serve the client on stdin and stdout, and run its missions here; they end with it. Answers LSP's exit code.

    SIGTERM, SIGINT and SIGHUP end the server in an orderly way. `ahead` was read of stdin already.
    """
    return anyio.run(_serve_in_process, ahead)


async def _serve_in_process(ahead: bytes) -> int:
    log_to_file(log_file())
    async with anyio.create_task_group() as group:
        await group.start(_end_on_signal, group.cancel_scope)
        with claimed_stdio(ahead) as (receive, send):
            code = await serve(receive, send, open_service=_open_alone, make_linter=_guardian)
        group.cancel_scope.cancel()
        return code
    return 1  # a signal ended it


@asynccontextmanager
async def _open_alone(folder: Path) -> AsyncGenerator[MissionService]:
    from orchestrator.app import open_missions  # noqa: PLC0415 - the engine is loaded with the first workspace

    refuse_network(places(folder).state)
    async with open_missions(folder) as service:
        yield service


@cache
def _guardian() -> Linter:
    """The guardian with its rules, for every editor that opens a text."""
    from orchestrator.review.linter import GuardianLinter  # noqa: PLC0415 - reading the rules takes a while

    return GuardianLinter()


# The way in, for what is no plain first message.


def serve_stdio(ahead: bytes = b"") -> int:
    """Bring the client on stdin and stdout to its workspace's server; answers LSP's exit code.

    A client without a folder is served here, for there is no mission to outlive it.
    """
    passed, has_descriptors = anyio.run(_pass_gate, ahead)
    if passed is None:
        return 1
    if passed.way is None:
        return serve_in_process(passed.ahead)
    return wait_for_end(passed.way, passed.ahead, has_descriptors=has_descriptors)


async def _pass_gate(ahead: bytes) -> tuple[Passed[Reached] | None, bool]:
    log_to_file(log_file())
    with claimed_stdio(ahead) as (receive, send):
        stdio = (receive.fileno(), send.fileno()) if receive.is_pollable and send.is_eager else None
        return await pass_gate(receive, send, partial(_find_way, stdio)), stdio is not None


def _find_way(stdio: tuple[int, int] | None, folder: Path, ahead_bytes: int) -> Reached:
    if not folder.is_dir():
        code = "not_a_folder" if folder.exists() else "no_such_workspace"
        what = "is not a folder" if folder.exists() else "does not exist"
        raise OrchestratorError(code, f"{folder} {what}", "open another folder")
    return reach(places(folder), stdio, ahead_bytes=ahead_bytes)


# One server for a workspace and all its clients.


def serve_workspace(root: Path, ready_fd: int) -> int:
    """Be the workspace's server until nobody needs it; answers the process's exit code.

    Whoever started it reads from `ready_fd`: a line of JSON with `is_ready`, or with the reason why not.
    """
    log_to_file(log_file())
    code = 0
    try:
        anyio.run(_serve_workspace, root, ready_fd)
    except* OrchestratorError as group:
        error = _first(group)
        _say(ready_fd, {"code": error.code, "message": error.message, "hint": error.hint})
        _log.error("the server of %s ends: %s", root, error)
        code = 1
    except* Exception:
        _log.exception("the server of %s ends by a defect", root)
        raise
    return code


def _first(group: ExceptionGroup[OrchestratorError]) -> OrchestratorError:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, ExceptionGroup) else first


async def _serve_workspace(root: Path, ready_fd: int) -> None:
    from orchestrator.app import open_missions  # noqa: PLC0415 - as above

    where = places(root)
    refuse_network(where.state)
    with owned(where) as place:
        async with anyio.create_task_group() as group:
            await group.start(_end_on_signal, group.cancel_scope)
            async with open_connections(is_shared=True) as connections:
                logging.getLogger().addHandler(_LastWords(connections))
                async with open_missions(where.root) as service:
                    server = SharedServer(where, place, service, _guardian, connections)
                    await server.run(partial(_be_ready, ready_fd), idle_timeout_s())
            group.cancel_scope.cancel()


def _be_ready(ready_fd: int) -> None:
    """Tell whoever started this server, and let go of everything that was inherited from there."""
    _log.info("serving")
    _say(ready_fd, {"pid": os.getpid(), "is_ready": True})
    nowhere = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nowhere, fd)
    os.close(nowhere)
    os.close(ready_fd)


def _say(fd: int, fields: dict[str, object]) -> None:
    try:
        os.write(fd, json.dumps(fields).encode() + b"\n")
    except OSError:
        return  # nobody waits any more


class _LastWords(logging.Handler):
    """What ends the server is told to its clients."""

    def __init__(self, connections: Connections) -> None:
        super().__init__(logging.CRITICAL)
        self._connections = connections

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the words."""
        self._connections.closing_reason = record.getMessage()


async def _end_on_signal(scope: anyio.CancelScope, *, task_status: TaskStatus[None]) -> None:
    with anyio.open_signal_receiver(*_SIGNALS) as signals:
        task_status.started()
        async for number in signals:
            _log.info("ending on %s", number.name)
            scope.cancel()
