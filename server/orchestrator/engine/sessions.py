"""Opening the sessions of a mission: whose tools, whose budget, whose diary."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.agents.roles import DUTIES
from orchestrator.domain.words import Role
from orchestrator.engine.fuses import Fuse
from orchestrator.engine.ledger import Ledger
from orchestrator.engine.mission_tools import MissionTools, Search
from orchestrator.engine.recovering import SessionDiary
from orchestrator.engine.recovery import ResilientSession
from orchestrator.engine.rooms import MissionRooms
from orchestrator.engine.session_tools import SessionTools
from orchestrator.ports.host import SessionSpec
from orchestrator.ports.jobs import JobOwner
from orchestrator.ports.workspace import Worktree


@dataclass(frozen=True, slots=True)
class Seat:
    """What a session works on: a worktree, and what of it it may write.

    `attempt_id` is there for a session whose work is an attempt: it alone may start background jobs, and is looked for
    after a restart. `search` answers a question of a session that may send a searcher.
    """

    worktree: Worktree
    write_set: tuple[str, ...] = ()
    attempt_id: str = ""
    search: Search | None = None


def spec_of(
    ledger: Ledger, rooms: MissionRooms, role: Role, task_id: str, title: str, *, model: str = ""
) -> SessionSpec:
    """A session of the mission, with the model that its role has in it, unless `model` names another."""
    mission = ledger.mission
    return SessionSpec(
        rooms.shared.ids.new("s"),
        mission.id,
        role,
        task_id,
        title,
        DUTIES[role],
        model or mission.models.get(role.value, ""),
    )


def session_for(ledger: Ledger, rooms: MissionRooms, spec: SessionSpec, seat: Seat) -> ResilientSession:
    """The session, not opened yet, within the bounds of its mission. `finish` must follow."""
    limits = rooms.limits
    owner = JobOwner(spec.mission_id, spec.task_id, spec.session_id) if seat.attempt_id else None
    fuse = Fuse(limits.quiet_s)
    room = rooms.shared.tools.toolbox(
        spec.role, seat.worktree, seat.write_set, owner, checks=tuple(ledger.mission.checks)
    )
    inner = MissionTools(room, ledger, rooms, spec, search=seat.search)
    tools = SessionTools(inner, ledger, rooms, spec, fuse)
    task_id = spec.task_id if seat.attempt_id else ""
    return ResilientSession(
        rooms.host,
        rooms.lane(spec.model),
        rooms.hold,
        spec,
        tools,
        timeout_s=limits.session_timeout_s,
        diary=SessionDiary(ledger, spec.role, seat.worktree, task_id, seat.attempt_id),
        fuse=fuse,
        at_end=tools.end,
    )
