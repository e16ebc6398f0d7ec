"""Commands: what the engine asks of a mission. `decide` answers each with events or refuses it."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.domain.events import (
    AttemptCommitted,
    AttemptInterrupted,
    AttemptRefused,
    ChecksChosen,
    GateJudged,
    IterationStarted,
    MissionDelivered,
    MissionStarted,
    PlanRejected,
    SealingStarted,
    SessionRecovering,
    SnapshotTaken,
    TaskFailed,
)
from orchestrator.domain.finding import Finding
from orchestrator.domain.plan import TaskSpec
from orchestrator.domain.words import DeliveryMode, MissionStatus, Role


@dataclass(frozen=True, slots=True)
class AcceptMission:
    """Take a mission in."""

    mission_id: str
    text: str
    workspace: str
    host: str
    delivery: DeliveryMode
    is_trusted: bool
    max_iterations: int


@dataclass(frozen=True, slots=True)
class AcceptPlan:
    """Install a task graph; refused when it is not valid."""

    tasks: tuple[TaskSpec, ...]


@dataclass(frozen=True, slots=True)
class StartAttempt:
    """Lease the task's write set and begin; refused while another live lease overlaps."""

    attempt_id: str
    task_id: str
    host: str


@dataclass(frozen=True, slots=True)
class IntegrateAttempt:
    """Move the mission ref; refused when the token is stale or the ref moved meanwhile."""

    attempt_id: str
    task_id: str
    token: int
    previous: str
    tip: str
    tree: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AddFixTask:
    """Answer findings with a fixer's task.

    With `parent_id` it takes over that task's write set and waits in its place; without one it is new work that the
    review of the whole tree found. `start_commit` is the refused commit ("" to begin at the mission's tip) and
    `start_base` the commit that it was made on.
    """

    parent_id: str
    title: str
    write_set: tuple[str, ...]
    reason: str
    findings: tuple[Finding, ...]
    start_commit: str
    start_base: str
    role: Role = Role.FIXER


@dataclass(frozen=True, slots=True)
class SealMission:
    """Seal the final tree; refused unless invariant 15 holds."""

    tree: str
    duration_s: float


@dataclass(frozen=True, slots=True)
class EndMission:
    """End without a seal."""

    status: MissionStatus
    code: str
    reason: str
    hint: str = ""


Fact = (
    MissionStarted
    | SnapshotTaken
    | ChecksChosen
    | PlanRejected
    | IterationStarted
    | SessionRecovering
    | AttemptCommitted
    | GateJudged
    | AttemptRefused
    | AttemptInterrupted
    | TaskFailed
    | SealingStarted
)
"""Events that are what the engine says they are: no rule computes them."""


@dataclass(frozen=True, slots=True)
class Note:
    """Record a fact.

    Refused when the mission, the attempt or the task that it speaks of has ended, when it would change the base or the
    checks under an accepted plan, and when it begins an iteration beyond the bound.
    """

    event: Fact


@dataclass(frozen=True, slots=True)
class RecordDelivery:
    """Record what reached the user; allowed once the mission has a snapshot, also after it has ended."""

    delivered: MissionDelivered


Command = (
    AcceptMission
    | AcceptPlan
    | StartAttempt
    | IntegrateAttempt
    | AddFixTask
    | SealMission
    | EndMission
    | Note
    | RecordDelivery
)
