"""The composition root: the only place that knows every adapter and puts them together."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypedDict

from orchestrator.clock import RandomIds, SystemClock
from orchestrator.config.layers import Sources, sources
from orchestrator.config.model import Config
from orchestrator.config.places import CONFIG_NAME, Places, places, state_home
from orchestrator.config.reading import read_document
from orchestrator.domain.words import ReviewMode
from orchestrator.engine.limits import Limits
from orchestrator.engine.rooms import Rooms
from orchestrator.engine.service import MissionService, open_service
from orchestrator.hooks.commands import Place, command_hook
from orchestrator.hooks.found import installed_hooks
from orchestrator.hooks.order import Hook
from orchestrator.hooks.running import open_hooks
from orchestrator.hosts.choose import open_host
from orchestrator.hosts.editor import HostedSessionRegister
from orchestrator.hosts.opencode.program import HeadlessOpenCode
from orchestrator.install.opencode import entry as plugin_entry
from orchestrator.journal.keeper import Keeping
from orchestrator.journal.projections import WorkspaceProjection
from orchestrator.journal.store import open_journal
from orchestrator.memory import memory_share
from orchestrator.ports.gates import Gates
from orchestrator.review.room import ReviewRoom
from orchestrator.sandbox.environment import scrubbed_environment
from orchestrator.sandbox.hidden import hidden_places
from orchestrator.sandbox.jobs import open_jobs
from orchestrator.sandbox.launcher import NativeLauncher
from orchestrator.sandbox.limits import Limits as CommandLimits
from orchestrator.sandbox.policy import Policy
from orchestrator.tools.documents import Documents
from orchestrator.tools.shed import ToolShed
from orchestrator.tools.web import Web
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
    launcher = NativeLauncher(
        where.programs, limits=CommandLimits(**dict(config.limits.commands)), policy=confined(config)
    )
    async with (
        open_journal(where.journal, clock=clock, keeping=_keeping(config)) as journal,
        open_jobs(launcher, where.state / "jobs", clock, RandomIds()) as jobs,
    ):
        # Only the journal's owner may: opening the workspace takes a delivery back that was cut off.
        workspace = open_workspace(
            where, cap_bytes=config.limits.state_size_bytes, work_bytes=config.journal.work_size_bytes
        )
        for path in workspace.unrestored:
            _log.error("%s: a delivery that was cut off could not be undone here; look at it", path)
        for note in journal.notes:
            _log.warning("%s: %s", where.journal, note)
        environment = command_environment(where)
        register = HostedSessionRegister()
        headless = HeadlessOpenCode(jobs, where.root, plugin_entry)
        pages = where.state / "context"
        shutil.rmtree(pages, ignore_errors=True)  # what sessions of an earlier server left
        documents = Documents(where.state / "documents", clock.now_s, Web()) if config.web.fetch else None
        rooms = Rooms(
            workspace=workspace,
            journal=journal,
            tools=ToolShed(launcher, environment, jobs, documents),
            jobs=jobs,
            projection=WorkspaceProjection(where.root),
            todo=WorkspaceTodo(where.root, where.state),
            clock=clock,
            ids=RandomIds(),
            limits=limited(Limits(), config),
            hosted=register,
            open_host=partial(
                open_host,
                folder=where.root,
                register=register,
                headless=headless,
                configuration=_own_configuration,
                pages=pages,
            ),
            tighten=partial(tighten, own, launcher),
            new_gates=partial(_new_gates, launcher, where, workspace, environment),
            is_trusted=where.trust.exists,
            remember_trust=where.trust.touch,
            memory_share=memory_share,
        )
        place = Place(launcher, str(where.root), environment, where.state / "hook-events")
        hooks = (*installed_hooks(), *configured_hooks(config, place))
        async with open_service(rooms) as service, open_hooks(hooks, service.subscribe):
            yield service


def _own_configuration() -> Config:
    """The user's settings as they are now. Raises ConfigError."""
    return sources().over(None).require()


def tighten(own: Sources, launcher: NativeLauncher, limits: Limits, project: bytes | None) -> Limits:
    """The limits under a project's configuration, which may lower them and never raise them. Raises ConfigError.

    From now on, until the next mission begins, the launcher holds commands to what the project demands beyond the user.
    """
    text = None if project is None else project.decode("utf-8", "replace")
    config = own.over(None if text is None else read_document(text, CONFIG_NAME)).require()
    launcher.policy = confined(config)
    said = config.limits
    return replace(
        limits,
        slots=min(limits.slots, said.slots),
        max_iterations=min(limits.max_iterations, said.max_iterations),
        session_timeout_s=min(limits.session_timeout_s, said.session_timeout_s),
        **_allowances(config),
    )


def configured_hooks(config: Config, place: Place) -> tuple[Hook, ...]:
    """The hooks of the user's configuration; a project can't bring any (see `narrowing`)."""
    return tuple(
        command_hook(
            place,
            name=said.name,
            on=said.on,
            command=said.command,
            phase=said.phase,
            after=tuple(said.after),
            timeout_s=said.timeout_s,
        )
        for said in config.hooks
    )


def confined(config: Config) -> Policy:
    """What every command is held to. The state of all workspaces is hidden: in it lies what opens servers' doors."""
    said = config.sandbox
    return Policy(required=tuple(said.required), hidden=hidden_places([state_home()]), is_network_allowed=said.network)


def limited(limits: Limits, config: Config) -> Limits:
    """The limits of every mission as the user configured them."""
    said = config.limits
    return replace(
        limits,
        slots=said.slots,
        max_iterations=said.max_iterations,
        session_timeout_s=said.session_timeout_s,
        **_allowances(config),
    )


class _Allowances(TypedDict):
    review: ReviewMode
    is_web_allowed: bool
    tools: dict[str, tuple[str, ...]]


def _allowances(config: Config) -> _Allowances:
    """What sessions may do and who looks at it; a project's configuration has been held to the user's already."""
    tools = {role: tuple(names) for role, names in config.tools if names is not None}
    return _Allowances(review=ReviewMode(config.review), is_web_allowed=config.web.fetch, tools=tools)


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
