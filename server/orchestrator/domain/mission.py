"""The state of a mission: what folding its events gives."""

from __future__ import annotations

from dataclasses import dataclass, field

from orchestrator.domain.budget import Budget
from orchestrator.domain.finding import Finding
from orchestrator.domain.plan import TaskSpec
from orchestrator.domain.question import BLOCKING, Question
from orchestrator.domain.receipt import Check, GateReport, Seal
from orchestrator.domain.words import (
    Answer,
    ApprovalMode,
    Cause,
    DeliveryMode,
    MissionStatus,
    NoteKind,
    QuestionKind,
    Strategy,
    TaskStatus,
)


@dataclass(frozen=True, slots=True)
class Lease:
    """Sole ownership of a write set. A result that shows another token than the live one is refused."""

    token: int
    task_id: str
    attempt_id: str
    write_set: tuple[str, ...]
    base_commit: str = ""


@dataclass(frozen=True, slots=True)
class LiveSession:
    """Where the session of a live attempt is: the host's name for it, its worktree, and what that held at first."""

    session_id: str
    attempt_id: str
    place: str
    worktree: str
    commit: str


@dataclass(slots=True)
class Task:
    """A task and how it stands.

    `parent_id` names the task whose refused attempt this fixer answers; `start_commit` is that attempt's commit ("" to
    begin at the mission's tip) and `start_base` the commit that it was made on; `findings` are what it was made for.
    `checkpoint` is the commit of an attempt that is not merged yet and `checkpoint_base` what it was made on: after an
    interruption the next attempt goes on from there. Once done, `merged_from` and `merged_to` are the mission's tips
    before and after its work was merged ("" when a person ticked it). `group_id` names the task that it is a part of;
    `notes` are what people said to its workers; `model` is the one that a diagnosis chose for it ("": its role's).
    """

    spec: TaskSpec
    status: TaskStatus = TaskStatus.OPEN
    attempt_count: int = 0
    fix_count: int = 0
    parent_id: str = ""
    start_commit: str = ""
    start_base: str = ""
    findings: tuple[Finding, ...] = ()
    merged_from: str = ""
    merged_to: str = ""
    reason: str = ""
    checkpoint: str = ""
    checkpoint_base: str = ""
    group_id: str = ""
    is_paused: bool = False
    model: str = ""
    notes: list[str] = field(default_factory=list[str])
    reports: dict[str, GateReport] = field(default_factory=dict[str, GateReport])


@dataclass(frozen=True, slots=True)
class MissionNote:
    """Something that sessions said for those after them; see `events.NoteTaken`."""

    task_id: str
    kind: NoteKind
    text: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why something did not go on, and what was tried; see `events.MissionDiagnosed`."""

    task_id: str
    cause: Cause
    strategy: Strategy


@dataclass(frozen=True, slots=True)
class Answered:
    """How a question was decided, and by whom."""

    answer: Answer
    by: str
    text: str


@dataclass(slots=True)
class Mission:
    """One goal and all that is known about it. Owned by one ledger; `evolve` changes it in place."""

    id: str = ""
    text: str = ""
    workspace: str = ""
    host: str = ""
    delivery: DeliveryMode = DeliveryMode.APPLY
    is_trusted: bool = False
    max_iterations: int = 20
    approval: ApprovalMode = ApprovalMode.NEVER
    wall_time_s: float = 0.0
    key: str = ""
    context: tuple[str, ...] = ()
    models: dict[str, str] = field(default_factory=dict[str, str])
    status: MissionStatus = MissionStatus.QUEUED
    version: int = 0
    graph_version: int = 0
    is_paused: bool = False
    pause_reason: str = ""
    questions: dict[str, Question] = field(default_factory=dict[str, Question])
    answers: dict[str, Answered] = field(default_factory=dict[str, Answered])
    always: set[tuple[QuestionKind, str]] = field(default_factory=set[tuple[QuestionKind, str]])
    approved_judges: set[str] = field(default_factory=set[str])
    planned_version: int = 0
    approved_version: int = 0
    groups: set[str] = field(default_factory=set[str])
    budget: Budget = field(default_factory=Budget)
    base_commit: str = ""
    base_tree: str = ""
    file_count: int = 0
    tip: str = ""
    tip_tree: str = ""
    checks: tuple[Check, ...] = ()
    held_back: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()
    plan_version: int = 0
    tasks: dict[str, Task] = field(default_factory=dict[str, Task])
    leases: dict[str, Lease] = field(default_factory=dict[str, Lease])
    sessions: dict[str, LiveSession] = field(default_factory=dict[str, LiveSession])
    next_token: int = 1
    slots: int = 0
    slot_causes: tuple[str, ...] = ()
    iteration: int = 0
    refused_count: int = 0
    recovered_count: int = 0
    session_notes: list[MissionNote] = field(default_factory=list[MissionNote])
    diagnoses: list[Diagnosis] = field(default_factory=list[Diagnosis])
    review_count: int = 0
    reviewed_tree: str = ""
    sealing_tree: str = ""
    seal_reports: dict[str, GateReport] = field(default_factory=dict[str, GateReport])
    seal: Seal | None = None
    end_code: str = ""
    end_reason: str = ""
    end_hint: str = ""
    delivering_tip: str = ""
    is_delivered: bool = False
    delivered_tip: str = ""
    delivered_place: str = ""
    delivered_mode: DeliveryMode | None = None
    is_undone: bool = False

    @property
    def standing(self) -> MissionStatus:
        """The status as people see it: WAITING while a person must act, else `status`."""
        is_held = self.is_paused or any(question.kind in BLOCKING for question in self.questions.values())
        return MissionStatus.WAITING if is_held and not self.status.is_terminal else self.status

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do: it has ended, and what a sealed one made has reached the user."""
        if self.status is MissionStatus.SEALED:
            return self.delivered_mode is not None or self.is_undone
        return self.status.is_terminal

    @property
    def is_plan_approved(self) -> bool:
        """Whether work may begin: a plan is there, and a person has seen it where the mission asks for that."""
        return bool(self.plan_version) and (self.approval is ApprovalMode.NEVER or bool(self.approved_version))

    def parts(self, task_id: str) -> list[Task]:
        """The tasks that are a part of this one."""
        return [task for task in self.tasks.values() if task.group_id == task_id]

    def open_tasks(self) -> list[Task]:
        """Tasks that are neither done nor struck nor failed."""
        closed = {TaskStatus.DONE, TaskStatus.STRUCK, TaskStatus.FAILED}
        return [task for task in self.tasks.values() if task.status not in closed]

    def root_of(self, task: Task) -> Task:
        """The planned task that a fixer, or a fixer of one, stands for; a task without a parent is its own."""
        while task.parent_id:
            task = self.tasks[task.parent_id]
        return task

    def failed_tasks(self) -> list[Task]:
        """Tasks that could not be done."""
        return [task for task in self.tasks.values() if task.status is TaskStatus.FAILED]
