"""What a mission works with: the adapters, chosen by the composition root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from orchestrator.engine.hold import Hold
from orchestrator.engine.limits import Limits
from orchestrator.engine.slots import Lane, Traffic
from orchestrator.ports.clock import Clock, Ids
from orchestrator.ports.gates import Gates
from orchestrator.ports.host import Host
from orchestrator.ports.hosting import HostedSessions
from orchestrator.ports.jobs import Jobs
from orchestrator.ports.journal import Journal
from orchestrator.ports.projection import Projection
from orchestrator.ports.todo import TodoFile
from orchestrator.ports.tools import ToolRoom
from orchestrator.ports.workspace import Workspace


def _not_measured() -> None:
    """No gauge."""


@dataclass(frozen=True, slots=True)
class Rooms:
    """The adapters of one workspace.

    `open_host` makes a host from the name that a user gave and raises OrchestratorError when there is none;
    `new_gates` makes the judges of one mission; `tighten` answers the limits that hold under a project's configuration
    (its bytes in the base, None when there is none); `remember_trust` keeps that the user trusts the workspace;
    `memory_share` answers how much of the memory is used, from 0 to 1, None where that is not measured.
    """

    workspace: Workspace
    journal: Journal
    tools: ToolRoom
    projection: Projection
    todo: TodoFile
    hosted: HostedSessions
    jobs: Jobs
    clock: Clock
    ids: Ids
    limits: Limits
    open_host: Callable[[str], Host]
    new_gates: Callable[[], Gates]
    tighten: Callable[[Limits, bytes | None], Limits]
    is_trusted: Callable[[], bool]
    remember_trust: Callable[[], None]
    memory_share: Callable[[], float | None] = _not_measured
    traffic: Traffic = field(default_factory=Traffic)


@dataclass(frozen=True, slots=True)
class MissionRooms:
    """The same for one mission, with its own host, judges, limits and hold."""

    shared: Rooms
    host: Host
    gates: Gates
    limits: Limits
    hold: Hold

    def lane(self, model: str) -> Lane:
        """What bounds the sessions with a model ("": the host's own choice)."""
        return self.shared.traffic.lane(self.host, model)
