"""Events: the facts that the journal keeps. Every field is plain data; times are added by the journal."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.domain.finding import Finding
from orchestrator.domain.plan import TaskSpec
from orchestrator.domain.receipt import Check, GateReport, Seal
from orchestrator.domain.words import DeliveryMode, FailureKind, MissionStatus, Role, Stage


@dataclass(frozen=True, slots=True)
class MissionAccepted:
    """A mission was taken in; it runs when the one before it has ended."""

    mission_id: str
    text: str
    workspace: str
    host: str
    delivery: DeliveryMode
    is_trusted: bool
    max_iterations: int


@dataclass(frozen=True, slots=True)
class MissionStarted:
    """The mission is the active one of its workspace."""


@dataclass(frozen=True, slots=True)
class SnapshotTaken:
    """The user's tree as it was; `left_out` says what the snapshot does not hold and why."""

    commit: str
    tree: str
    file_count: int
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChecksChosen:
    """The commands that will judge this mission, frozen from the base; `held_back` names those that wait for trust."""

    checks: tuple[Check, ...]
    setup: tuple[str, ...]
    held_back: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlanRejected:
    """A planner's answer was not a valid plan; the problems go back to it."""

    try_number: int
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlanAccepted:
    """The task graph, version by version."""

    version: int
    tasks: tuple[TaskSpec, ...]


@dataclass(frozen=True, slots=True)
class IterationStarted:
    """A round of work, check and review begins; numbered from 1."""

    number: int


@dataclass(frozen=True, slots=True)
class AttemptStarted:
    """One execution of a task begins: the lease is held under `token`."""

    attempt_id: str
    task_id: str
    number: int
    role: Role
    host: str
    token: int
    base_commit: str
    write_set: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SessionRecovering:
    """A session failed and an action heals it. `task_id` is "" for the planner's session."""

    task_id: str
    attempt_id: str
    failure: FailureKind
    action: str
    count: int
    wait_s: float
    detail: str


@dataclass(frozen=True, slots=True)
class AttemptCommitted:
    """The session's changes are a commit in the shadow repository."""

    attempt_id: str
    task_id: str
    commit: str
    tree: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GateJudged:
    """A gate's report about a tree; `task_id` and `attempt_id` are "" for the mission's own trees."""

    stage: Stage
    tree: str
    task_id: str
    attempt_id: str
    report: GateReport


@dataclass(frozen=True, slots=True)
class AttemptRefused:
    """The attempt did not pass; nothing of it reached the mission ref. The lease is free."""

    attempt_id: str
    task_id: str
    reason: str
    findings: tuple[Finding, ...]
    commit: str


@dataclass(frozen=True, slots=True)
class AttemptInterrupted:
    """The attempt ended without a result (host gave up, stop, server gone). The lease is free."""

    attempt_id: str
    task_id: str
    failure: FailureKind
    reason: str


@dataclass(frozen=True, slots=True)
class AttemptIntegrated:
    """The mission ref moved from `previous` to `tip`; the task is done and the lease is free."""

    attempt_id: str
    task_id: str
    previous: str
    tip: str
    tree: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TaskAdded:
    """A task joined the graph while it ran: a fixer for `parent_id`, or work that the review found (parent "")."""

    task: TaskSpec
    parent_id: str
    reason: str
    findings: tuple[Finding, ...]
    start_commit: str
    start_base: str


@dataclass(frozen=True, slots=True)
class TaskFailed:
    """The task can't be done within its bounds."""

    task_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class SealingStarted:
    """No open work: the final tree is judged once more, by every gate and check."""

    tree: str


@dataclass(frozen=True, slots=True)
class MissionSealed:
    """Proven complete."""

    seal: Seal


@dataclass(frozen=True, slots=True)
class MissionEnded:
    """The mission ended without a seal; `status` is one of unverified, failed, stopped."""

    status: MissionStatus
    code: str
    reason: str
    hint: str


@dataclass(frozen=True, slots=True)
class MissionDelivered:
    """The work reached the user, as far as that was safe.

    `mode` is how it was delivered in the end; `place` names the branch or the patch file; `kept_back` the paths whose
    content the user changed meanwhile (then nothing was applied).
    """

    mode: DeliveryMode
    place: str
    paths: tuple[str, ...]
    kept_back: tuple[str, ...]
    detail: str


Event = (
    MissionAccepted
    | MissionStarted
    | SnapshotTaken
    | ChecksChosen
    | PlanRejected
    | PlanAccepted
    | IterationStarted
    | AttemptStarted
    | SessionRecovering
    | AttemptCommitted
    | GateJudged
    | AttemptRefused
    | AttemptInterrupted
    | AttemptIntegrated
    | TaskAdded
    | TaskFailed
    | SealingStarted
    | MissionSealed
    | MissionEnded
    | MissionDelivered
)

EVENT_TYPES: dict[str, type[Event]] = {
    "mission.accepted": MissionAccepted,
    "mission.started": MissionStarted,
    "snapshot.taken": SnapshotTaken,
    "checks.chosen": ChecksChosen,
    "plan.rejected": PlanRejected,
    "plan.accepted": PlanAccepted,
    "iteration.started": IterationStarted,
    "attempt.started": AttemptStarted,
    "session.recovering": SessionRecovering,
    "attempt.committed": AttemptCommitted,
    "gate.judged": GateJudged,
    "attempt.refused": AttemptRefused,
    "attempt.interrupted": AttemptInterrupted,
    "attempt.integrated": AttemptIntegrated,
    "task.added": TaskAdded,
    "task.failed": TaskFailed,
    "sealing.started": SealingStarted,
    "mission.sealed": MissionSealed,
    "mission.ended": MissionEnded,
    "mission.delivered": MissionDelivered,
}
"""Journal and wire name of every event. A name is never reused for another shape."""

EVENT_NAMES: dict[type[Event], str] = {kind: name for name, kind in EVENT_TYPES.items()}
