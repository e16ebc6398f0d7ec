"""The composition root: the only place that knows every adapter and puts them together."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import anyio

from orchestrator.clock import RandomIds, SystemClock
from orchestrator.config.places import CONFIG_NAME, Places, log_file, places
from orchestrator.config.project import read_project_config
from orchestrator.engine.limits import Limits
from orchestrator.engine.rooms import Rooms
from orchestrator.engine.service import MissionService, open_service
from orchestrator.hosts.choose import open_host
from orchestrator.journal.projections import WorkspaceProjection
from orchestrator.journal.store import open_journal
from orchestrator.ports.gates import Gates
from orchestrator.review.linter import GuardianLinter
from orchestrator.review.room import ReviewRoom
from orchestrator.rpc.server import serve
from orchestrator.rpc.stdio import claimed_stdio
from orchestrator.sandbox.environment import scrubbed_environment
from orchestrator.sandbox.launcher import NativeLauncher
from orchestrator.telemetry.log import log_to_file
from orchestrator.tools.shed import ToolShed
from orchestrator.workspace.room import ShadowWorkspace, open_workspace

_log = logging.getLogger(__name__)


@asynccontextmanager
async def open_missions(folder: Path) -> AsyncGenerator[MissionService]:
    """The mission service of the workspace that holds `folder`; one owner at a time.

    Raises OrchestratorError when the folder can't be a workspace or another server owns it.
    """
    where = places(folder)
    workspace = open_workspace(where)
    clock = SystemClock()
    where.state.mkdir(parents=True, exist_ok=True)
    async with open_journal(where.journal, clock=clock) as journal:
        for path in workspace.unrestored:
            _log.error("%s: a delivery that was cut off could not be undone here; look at it", path)
        for note in journal.notes:
            _log.warning("%s: %s", where.journal, note)
        launcher = NativeLauncher(where.programs)
        environment = command_environment(where)
        rooms = Rooms(
            workspace=workspace,
            journal=journal,
            tools=ToolShed(launcher, environment),
            projection=WorkspaceProjection(where.root),
            clock=clock,
            ids=RandomIds(),
            limits=Limits(),
            open_host=partial(open_host, folder=Path.cwd()),
            tighten=tighten,
            new_gates=partial(_new_gates, launcher, where, workspace, environment),
            is_trusted=where.trust.exists,
            remember_trust=where.trust.touch,
        )
        async with open_service(rooms) as service:
            yield service


def tighten(limits: Limits, config: bytes | None) -> Limits:
    """The limits under a project's configuration, which may lower them and never raise them. Raises ConfigError."""
    if config is None:
        return limits
    project = read_project_config(config.decode("utf-8", "replace"), CONFIG_NAME).limits
    return replace(
        limits,
        max_iterations=min(limits.max_iterations, project.max_iterations),
        session_timeout_s=min(limits.session_timeout_s, project.session_timeout_s),
    )


def _new_gates(
    launcher: NativeLauncher, where: Places, workspace: ShadowWorkspace, environment: Mapping[str, str]
) -> Gates:
    return ReviewRoom(launcher, where, workspace.prepared, environment)


def command_environment(where: Places) -> dict[str, str]:
    """The environment of every command that the server runs: scrubbed, with this interpreter's programs on PATH."""
    programs = str(Path(sys.executable).parent)
    path = os.environ.get("PATH", os.defpath)
    if programs not in path.split(os.pathsep):
        path = f"{path}{os.pathsep}{programs}"
    return scrubbed_environment({"PATH": path}, home=str(where.state / "home"))


async def serve_stdio() -> int:
    """Serve the client on stdin and stdout until it leaves; answers the exit code that LSP wants.

    SIGTERM, SIGINT and SIGHUP end the server in an orderly way.
    """
    log_to_file(log_file())
    async with anyio.create_task_group() as group:
        group.start_soon(_end_on_signal, group.cancel_scope)
        with claimed_stdio() as (receive, send):
            code = await serve(receive, send, open_service=open_missions, linter=GuardianLinter())
        group.cancel_scope.cancel()
        return code
    return 1  # a signal ended it


async def _end_on_signal(scope: anyio.CancelScope) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as signals:
        async for number in signals:
            _log.info("ending on %s", number.name)
            scope.cancel()
