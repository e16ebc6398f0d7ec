"""The composition root: the only place that knows every adapter and puts them together."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from orchestrator.clock import RandomIds, SystemClock
from orchestrator.config.layers import Sources, sources
from orchestrator.config.model import Config
from orchestrator.config.places import CONFIG_NAME, Places, places
from orchestrator.config.reading import read_document
from orchestrator.engine.limits import Limits
from orchestrator.engine.rooms import Rooms
from orchestrator.engine.service import MissionService, open_service
from orchestrator.hosts.choose import open_host
from orchestrator.hosts.editor import HostedSessionRegister
from orchestrator.journal.keeper import Keeping
from orchestrator.journal.projections import WorkspaceProjection
from orchestrator.journal.store import open_journal
from orchestrator.ports.gates import Gates
from orchestrator.review.room import ReviewRoom
from orchestrator.sandbox.environment import scrubbed_environment
from orchestrator.sandbox.jobs import open_jobs
from orchestrator.sandbox.launcher import NativeLauncher
from orchestrator.sandbox.limits import Limits as CommandLimits
from orchestrator.tools.shed import ToolShed
from orchestrator.workspace.room import ShadowWorkspace, open_workspace, require_folder
from orchestrator.workspace.todo_file import WorkspaceTodo

_log = logging.getLogger(__name__)
_DAY_S = 24 * 3_600.0


@asynccontextmanager
async def open_missions(folder: Path) -> AsyncGenerator[MissionService]:
    """The mission service of the workspace that holds `folder`; one owner at a time.

    Raises OrchestratorError when the folder can't be a workspace, another server owns it, or the user's own
    configuration is wrong.
    """
    where = places(folder)
    own = sources()
    config = own.over(None).require()
    logging.getLogger("orchestrator").setLevel(config.log.level.upper())
    require_folder(where.root)
    clock = SystemClock()
    where.state.mkdir(parents=True, exist_ok=True)
    launcher = NativeLauncher(where.programs, limits=CommandLimits(**dict(config.limits.commands)))
    async with (
        open_journal(where.journal, clock=clock, keeping=_keeping(config)) as journal,
        open_jobs(launcher, where.state / "jobs", clock, RandomIds()) as jobs,
    ):
        # Only the journal's owner may: opening the workspace takes a delivery back that was cut off.
        workspace = open_workspace(where)
        for path in workspace.unrestored:
            _log.error("%s: a delivery that was cut off could not be undone here; look at it", path)
        for note in journal.notes:
            _log.warning("%s: %s", where.journal, note)
        environment = command_environment(where)
        register = HostedSessionRegister()
        rooms = Rooms(
            workspace=workspace,
            journal=journal,
            tools=ToolShed(launcher, environment, jobs),
            jobs=jobs,
            projection=WorkspaceProjection(where.root),
            todo=WorkspaceTodo(where.root, where.state),
            clock=clock,
            ids=RandomIds(),
            limits=limited(Limits(), config),
            hosted=register,
            open_host=partial(open_host, folder=where.root, register=register),
            tighten=partial(tighten, own),
            new_gates=partial(_new_gates, launcher, where, workspace, environment),
            is_trusted=where.trust.exists,
            remember_trust=where.trust.touch,
        )
        async with open_service(rooms) as service:
            yield service


def tighten(own: Sources, limits: Limits, project: bytes | None) -> Limits:
    """The limits under a project's configuration, which may lower them and never raise them. Raises ConfigError."""
    if project is None:
        return limits
    said = own.over(read_document(project.decode("utf-8", "replace"), CONFIG_NAME)).require().limits
    return replace(
        limits,
        slots=min(limits.slots, said.slots),
        max_iterations=min(limits.max_iterations, said.max_iterations),
        session_timeout_s=min(limits.session_timeout_s, said.session_timeout_s),
    )


def limited(limits: Limits, config: Config) -> Limits:
    """The limits of every mission as the user configured them."""
    said = config.limits
    return replace(
        limits,
        slots=said.slots,
        max_iterations=said.max_iterations,
        session_timeout_s=said.session_timeout_s,
    )


def _keeping(config: Config) -> Keeping:
    said = config.journal
    return Keeping(archive_after_s=said.archive_after_days * _DAY_S, archive_bytes=said.archive_size_bytes)


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
