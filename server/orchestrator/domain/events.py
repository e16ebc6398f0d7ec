"""Events: the facts that the journal keeps. Every field is plain data; times are added by the journal."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.domain.budget import Amounts, Limit, Reservation
from orchestrator.domain.finding import Finding
from orchestrator.domain.plan import TaskSpec
from orchestrator.domain.question import Question
from orchestrator.domain.receipt import Check, GateReport, Seal
from orchestrator.domain.revision import PlanEdit
from orchestrator.domain.words import (
    Answer,
    ApprovalMode,
    Cause,
    DeliveryMode,
    FailureKind,
    MissionStatus,
    NoteKind,
    ReviewVerdict,
    Role,
    Stage,
    Strategy,
)


@dataclass(frozen=True, slots=True)
class MissionAccepted:
    """A mission was taken in; it runs when the one before it has ended.

    `key` is the client's idempotency key ("" for none); `context` are relative paths that the client pointed at, each
    with an optional line range as "path:first-last"; `models` are (role, model) pairs that win over the configuration.
    """

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
class MissionStarted:
    """The mission is the active one of its workspace."""


@dataclass(frozen=True, slots=True)
class MissionTakenUp:
    """A new server goes on with a mission that an earlier one left; `interrupted` attempts are tried again."""

    reason: str
    interrupted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MissionPaused:
    """Nothing new starts and sessions are held at their next step, until somebody resumes it. `by` names who."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class MissionResumed:
    """The mission goes on."""

    by: str


@dataclass(frozen=True, slots=True)
class MissionReopened:
    """An ended mission is tried again from where it stood; `tasks` that had failed are open again."""

    by: str
    tasks: tuple[str, ...]


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
class PlanRevised:
    """A person changed the plan; `version` is the new one."""

    version: int
    by: str
    edits: tuple[PlanEdit, ...]


@dataclass(frozen=True, slots=True)
class QuestionAsked:
    """The mission, or a session of it, asks a person."""

    question: Question


@dataclass(frozen=True, slots=True)
class QuestionAnswered:
    """A question was decided, by a person or by its deadline. `text` is what they said beside it."""

    question_id: str
    answer: Answer
    by: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class IterationStarted:
    """A round of work, check and review begins; numbered from 1."""

    number: int


@dataclass(frozen=True, slots=True)
class SlotsChanged:
    """How many sessions may run side by side now; `causes` say in words why not more ("": nothing is wrong)."""

    slots: int
    causes: tuple[str, ...]


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
class SessionOpened:
    """A session runs on its host. `task_id` is "" for the planner's; `place` is the host's own name for the session.

    Written before the session's first prompt: a session that lives on after a crash of the server is found by it.
    `worktree` is the path of the folder that the session works in and `commit` what that held at first.
    """

    session_id: str
    task_id: str
    attempt_id: str
    role: Role
    place: str
    worktree: str
    commit: str


@dataclass(frozen=True, slots=True)
class ToolCalled:
    """A session called a tool. `subject` says on what, in short; `code` is "" when it went well, else the error's."""

    session_id: str
    task_id: str
    tool: str
    subject: str
    code: str
    duration_s: float
    result_size_bytes: int


@dataclass(frozen=True, slots=True)
class BudgetReserved:
    """The worst case of a call is held back, before the call."""

    session_id: str
    reservation: Reservation


@dataclass(frozen=True, slots=True)
class BudgetSettled:
    """What the call really used replaces what was held back. `is_lost`: nobody knows, so the worst case counts."""

    reservation_id: str
    used: Amounts
    is_lost: bool = False


@dataclass(frozen=True, slots=True)
class BudgetWarned:
    """Most of a limit is used."""

    limit: Limit


@dataclass(frozen=True, slots=True)
class BudgetChanged:
    """A person set limits anew."""

    by: str
    limits: tuple[Limit, ...]


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
class NoteTaken:
    """Something that later sessions should know. `task_id` is "" when it came from planning or concerns all tasks."""

    session_id: str
    task_id: str
    kind: NoteKind
    text: str


@dataclass(frozen=True, slots=True)
class ReviewGiven:
    """A reviewer's verdict on a tree: ATTEMPT for the work of a task, SEAL for the whole mission's.

    `text` is the summary, or why there is no verdict; `findings` are those that block, each with its evidence; `advice`
    is what does not.
    """

    stage: Stage
    tree: str
    task_id: str
    attempt_id: str
    verdict: ReviewVerdict
    text: str
    findings: tuple[Finding, ...]
    advice: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class MissionDiagnosed:
    """Work did not go on: the cause that the log shows, and the strategy that is tried next.

    `task_id` is "" for the whole mission; `model` is the one that goes on with the task (for the whole mission: with
    all that is to be mended), where the strategy is another model.
    """

    task_id: str
    cause: Cause
    detail: str
    strategy: Strategy
    model: str = ""


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
class TaskPaused:
    """No attempt of the task starts until it is resumed."""

    task_id: str
    by: str


@dataclass(frozen=True, slots=True)
class TaskResumed:
    """The task may run again."""

    task_id: str
    by: str


@dataclass(frozen=True, slots=True)
class TaskSteered:
    """A person says something to whoever works on the task, now or later."""

    task_id: str
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class TaskUndone:
    """The task's merged work was taken back out of the mission ref, which moved from `previous` to `tip`."""

    task_id: str
    by: str
    previous: str
    tip: str
    tree: str
    paths: tuple[str, ...]


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
class DeliveryStarted:
    """The work is about to be brought to the user; the next fact about it says what reached them."""

    mode: DeliveryMode
    tip: str


@dataclass(frozen=True, slots=True)
class MissionUndone:
    """What the mission had written in the user's files is as it was before; `paths` were restored."""

    by: str
    paths: tuple[str, ...]


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
    | MissionTakenUp
    | MissionPaused
    | MissionResumed
    | MissionReopened
    | SnapshotTaken
    | ChecksChosen
    | PlanRejected
    | PlanAccepted
    | PlanRevised
    | QuestionAsked
    | QuestionAnswered
    | IterationStarted
    | SlotsChanged
    | AttemptStarted
    | SessionOpened
    | ToolCalled
    | BudgetReserved
    | BudgetSettled
    | BudgetWarned
    | BudgetChanged
    | SessionRecovering
    | NoteTaken
    | ReviewGiven
    | MissionDiagnosed
    | AttemptCommitted
    | GateJudged
    | AttemptRefused
    | AttemptInterrupted
    | AttemptIntegrated
    | TaskAdded
    | TaskFailed
    | TaskPaused
    | TaskResumed
    | TaskSteered
    | TaskUndone
    | SealingStarted
    | MissionSealed
    | MissionEnded
    | DeliveryStarted
    | MissionDelivered
    | MissionUndone
)

EVENT_TYPES: dict[str, type[Event]] = {
    "mission.accepted": MissionAccepted,
    "mission.started": MissionStarted,
    "mission.taken_up": MissionTakenUp,
    "mission.paused": MissionPaused,
    "mission.resumed": MissionResumed,
    "mission.reopened": MissionReopened,
    "snapshot.taken": SnapshotTaken,
    "checks.chosen": ChecksChosen,
    "plan.rejected": PlanRejected,
    "plan.accepted": PlanAccepted,
    "plan.revised": PlanRevised,
    "question.asked": QuestionAsked,
    "question.answered": QuestionAnswered,
    "iteration.started": IterationStarted,
    "slots.changed": SlotsChanged,
    "attempt.started": AttemptStarted,
    "session.opened": SessionOpened,
    "tool.called": ToolCalled,
    "budget.reserved": BudgetReserved,
    "budget.settled": BudgetSettled,
    "budget.warned": BudgetWarned,
    "budget.changed": BudgetChanged,
    "session.recovering": SessionRecovering,
    "note.taken": NoteTaken,
    "review.given": ReviewGiven,
    "mission.diagnosed": MissionDiagnosed,
    "attempt.committed": AttemptCommitted,
    "gate.judged": GateJudged,
    "attempt.refused": AttemptRefused,
    "attempt.interrupted": AttemptInterrupted,
    "attempt.integrated": AttemptIntegrated,
    "task.added": TaskAdded,
    "task.failed": TaskFailed,
    "task.paused": TaskPaused,
    "task.resumed": TaskResumed,
    "task.steered": TaskSteered,
    "task.undone": TaskUndone,
    "sealing.started": SealingStarted,
    "mission.sealed": MissionSealed,
    "mission.ended": MissionEnded,
    "delivery.started": DeliveryStarted,
    "mission.delivered": MissionDelivered,
    "mission.undone": MissionUndone,
}
"""Journal and wire name of every event. A name is never reused for another shape."""

EVENT_NAMES: dict[type[Event], str] = {kind: name for name, kind in EVENT_TYPES.items()}
