"""Commands: what the engine asks of a mission. `decide` answers each with events or refuses it."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.domain.budget import Amounts, Limit, Reservation
from orchestrator.domain.events import (
    AttemptCommitted,
    AttemptInterrupted,
    AttemptRefused,
    ChecksChosen,
    DeliveryStarted,
    GateJudged,
    IterationStarted,
    MissionDelivered,
    MissionDiagnosed,
    MissionStarted,
    MissionUndone,
    NoteTaken,
    PlanRejected,
    ReviewGiven,
    SealingStarted,
    SessionOpened,
    SessionRecovering,
    SlotsChanged,
    SnapshotTaken,
    TaskFailed,
    ToolCalled,
)
from orchestrator.domain.finding import Finding
from orchestrator.domain.plan import TaskSpec
from orchestrator.domain.question import Question
from orchestrator.domain.revision import PlanEdit
from orchestrator.domain.words import Answer, ApprovalMode, DeliveryMode, MissionStatus, Role


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
    approval: ApprovalMode = ApprovalMode.NEVER
    limits: tuple[Limit, ...] = ()
    wall_time_s: float = 0.0
    key: str = ""
    context: tuple[str, ...] = ()
    models: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class TakeUp:
    """Go on with a mission that an earlier server left: its live attempts are interrupted, its open calls are lost."""

    reason: str
    kept_attempts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pause:
    """Hold the mission; refused when it is held already."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Resume:
    """Let the mission go on; refused when nothing holds it."""

    by: str


@dataclass(frozen=True, slots=True)
class Reopen:
    """Try an ended mission again; refused for a sealed or undone one."""

    by: str


@dataclass(frozen=True, slots=True)
class RevisePlan:
    """Change the plan by hand; refused unless `version` is the plan's current one."""

    version: int
    by: str
    edits: tuple[PlanEdit, ...]


@dataclass(frozen=True, slots=True)
class Ask:
    """Put a question to a person. One that was answered with `always` before is not asked again: see `decide`."""

    question: Question


@dataclass(frozen=True, slots=True)
class AnswerQuestion:
    """Answer a question; the first answer counts, later ones are refused."""

    question_id: str
    answer: Answer
    by: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class HoldTask:
    """Pause one task (`is_held`) or let it run again."""

    task_id: str
    by: str
    is_held: bool


@dataclass(frozen=True, slots=True)
class Steer:
    """Say something to whoever works on the task."""

    task_id: str
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class Reserve:
    """Hold the worst case of a call back; refused when it would break a limit."""

    session_id: str
    reservation: Reservation


@dataclass(frozen=True, slots=True)
class Settle:
    """Replace a reservation by what was used. What exceeds the reservation counts too."""

    reservation_id: str
    used: Amounts


@dataclass(frozen=True, slots=True)
class ChangeBudget:
    """Set limits anew; refused below what is spent and reserved."""

    by: str
    limits: tuple[Limit, ...]


@dataclass(frozen=True, slots=True)
class UndoTask:
    """Record that a task's work was taken back out of the mission ref; the task is struck."""

    task_id: str
    by: str
    previous: str
    tip: str
    tree: str
    paths: tuple[str, ...]


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
    | SlotsChanged
    | SessionOpened
    | SessionRecovering
    | NoteTaken
    | ReviewGiven
    | MissionDiagnosed
    | ToolCalled
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
    """Record what is about to reach the user, reached them, or was taken back; allowed also after the mission's end."""

    fact: DeliveryStarted | MissionDelivered | MissionUndone


Command = (
    AcceptMission
    | TakeUp
    | Pause
    | Resume
    | Reopen
    | AcceptPlan
    | RevisePlan
    | Ask
    | AnswerQuestion
    | HoldTask
    | Steer
    | Reserve
    | Settle
    | ChangeBudget
    | UndoTask
    | StartAttempt
    | IntegrateAttempt
    | AddFixTask
    | SealMission
    | EndMission
    | Note
    | RecordDelivery
)
