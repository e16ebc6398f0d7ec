"""Applying events to the mission that they belong to."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.domain import events as e
from orchestrator.domain import revision
from orchestrator.domain.mission import Answered, Diagnosis, Lease, LiveSession, Mission, MissionNote, Task
from orchestrator.domain.words import Answer, MissionStatus, QuestionKind, Role, Stage, TaskStatus

_KEPT_ANSWERS = 1_000


def fold(events: Iterable[e.Event]) -> Mission:
    """The mission that these events describe, from the first to the last."""
    mission = Mission()
    for event in events:
        evolve(mission, event)
    return mission


_GRAPH_EVENTS = (
    e.PlanAccepted
    | e.PlanRevised
    | e.QuestionAnswered
    | e.MissionPaused
    | e.MissionResumed
    | e.AttemptRefused
    | e.AttemptInterrupted
    | e.AttemptIntegrated
    | e.TaskAdded
    | e.TaskFailed
    | e.TaskPaused
    | e.TaskResumed
    | e.TaskUndone
)
"""Events that may change which task can start."""


def evolve(mission: Mission, event: e.Event) -> None:  # noqa: C901, PLR0912, PLR0915 - one arm an event, nothing else
    """Apply one event in place. Never refuses: what is in the journal has happened."""
    mission.version += 1
    if isinstance(event, _GRAPH_EVENTS):
        mission.graph_version += 1
    match event:
        case e.MissionAccepted():
            _accepted(mission, event)
        case e.MissionStarted():
            mission.status = MissionStatus.PLANNING
        case e.MissionPaused():
            mission.is_paused = True
            mission.pause_reason = event.reason
        case e.MissionResumed():
            mission.is_paused = False
            mission.pause_reason = ""
        case e.MissionReopened():
            _reopened(mission, event)
        case e.SnapshotTaken():
            mission.base_commit = mission.tip = event.commit
            mission.base_tree = mission.tip_tree = event.tree
            mission.file_count = event.file_count
        case e.ChecksChosen():
            mission.checks = event.checks
            mission.setup = event.setup
            mission.held_back = event.held_back
        case e.PlanRejected() | e.MissionTakenUp() | e.ToolCalled():
            pass
        case e.PlanAccepted():
            mission.plan_version = mission.planned_version = event.version
            mission.tasks = {spec.id: Task(spec) for spec in event.tasks}
        case e.PlanRevised():
            mission.plan_version = event.version
            revision.apply(mission, event.edits)
        case e.QuestionAsked():
            mission.questions[event.question.id] = event.question
        case e.QuestionAnswered():
            _answered(mission, event)
        case e.IterationStarted():
            mission.iteration = event.number
            mission.status = MissionStatus.RUNNING
        case e.SlotsChanged():
            mission.slots = event.slots
            mission.slot_causes = event.causes
        case e.AttemptStarted():
            _started(mission, event)
        case e.SessionOpened():
            _opened(mission, event)
        case e.BudgetReserved():
            mission.budget.reserve(event.reservation)
        case e.BudgetSettled():
            mission.budget.settle(event.reservation_id, event.used)
        case e.BudgetWarned():
            mission.budget.warned.add((event.limit.node, event.limit.resource))
        case e.BudgetChanged():
            mission.budget.limit(event.limits)
        case e.SessionRecovering():
            mission.recovered_count += 1
        case e.NoteTaken():
            mission.session_notes.append(MissionNote(event.task_id, event.kind, event.text))
        case e.ReviewGiven():
            _reviewed(mission, event)
        case e.MissionDiagnosed():
            _diagnosed(mission, event)
        case e.AttemptCommitted():
            _committed(mission, event)
        case e.GateJudged():
            _judged(mission, event)
        case e.AttemptRefused():
            mission.refused_count += 1
            _forget_checkpoint(mission, event.task_id)
            _release(mission, event.task_id)
        case e.AttemptInterrupted():
            _release(mission, event.task_id)
        case e.AttemptIntegrated():
            _integrated(mission, event)
        case e.TaskAdded():
            _added(mission, event)
        case e.TaskFailed():
            _failed(mission, event)
        case e.TaskPaused() | e.TaskResumed():
            mission.tasks[event.task_id].is_paused = isinstance(event, e.TaskPaused)
        case e.TaskSteered():
            mission.tasks[event.task_id].notes.append(event.text)
        case e.TaskUndone():
            _undone(mission, event)
        case e.SealingStarted():
            mission.status = MissionStatus.SEALING
            mission.sealing_tree = event.tree
            mission.seal_reports = {}
        case e.MissionSealed():
            mission.status = MissionStatus.SEALED
            mission.seal = event.seal
            # What an earlier end, before the mission was tried again, brought to the user is not this work.
            mission.delivered_mode = None
        case e.MissionEnded():
            mission.status = event.status
            mission.end_code = event.code
            mission.end_reason = event.reason
            mission.end_hint = event.hint
            mission.questions = {}
            mission.is_paused = False
        case e.DeliveryStarted():
            mission.delivering_tip = event.tip
        case e.MissionDelivered():
            mission.is_delivered = not event.kept_back
            mission.delivered_tip = mission.delivering_tip or mission.tip
            mission.delivering_tip = ""
            mission.delivered_place = event.place
            mission.delivered_mode = event.mode
            mission.is_undone = False
        case e.MissionUndone():  # every kind has an arm
            mission.is_delivered = False
            mission.delivered_mode = None
            mission.delivering_tip = ""
            mission.is_undone = True


def _accepted(mission: Mission, event: e.MissionAccepted) -> None:
    mission.id = event.mission_id
    mission.text = event.text
    mission.workspace = event.workspace
    mission.host = event.host
    mission.delivery = event.delivery
    mission.is_trusted = event.is_trusted
    mission.max_iterations = event.max_iterations
    mission.approval = event.approval
    mission.budget.limit(event.limits)
    mission.wall_time_s = event.wall_time_s
    mission.key = event.key
    mission.context = event.context
    mission.models = dict(event.models)


def _reopened(mission: Mission, event: e.MissionReopened) -> None:
    mission.status = MissionStatus.RUNNING if mission.plan_version else MissionStatus.QUEUED
    mission.iteration = 0
    mission.diagnoses = []
    mission.review_count = 0
    mission.end_code = mission.end_reason = mission.end_hint = ""
    for task_id in event.tasks:
        revision.reopen(mission, task_id)


def _answered(mission: Mission, event: e.QuestionAnswered) -> None:
    question = mission.questions.pop(event.question_id)
    mission.answers[event.question_id] = Answered(event.answer, event.by, event.text)
    while len(mission.answers) > _KEPT_ANSWERS:
        del mission.answers[next(iter(mission.answers))]
    # A limit stays until it is raised: allowed for ever, whoever met it would ask without end.
    if event.answer is Answer.ALWAYS and question.subject and question.kind is not QuestionKind.BUDGET:
        mission.always.add((question.kind, question.subject))
    if question.kind is QuestionKind.JUDGE and event.answer is not Answer.DENY:
        mission.approved_judges.update(question.subject.split("\n"))
    if question.kind is QuestionKind.PLAN and event.answer is not Answer.DENY:
        mission.approved_version = mission.plan_version


def _opened(mission: Mission, event: e.SessionOpened) -> None:
    if event.task_id:
        mission.sessions[event.task_id] = LiveSession(
            event.session_id, event.attempt_id, event.place, event.worktree, event.commit
        )


def _committed(mission: Mission, event: e.AttemptCommitted) -> None:
    task = mission.tasks[event.task_id]
    task.checkpoint = event.commit
    task.checkpoint_base = mission.leases[event.task_id].base_commit
    mission.sessions.pop(event.task_id, None)


def _forget_checkpoint(mission: Mission, task_id: str) -> None:
    task = mission.tasks[task_id]
    task.checkpoint = task.checkpoint_base = ""


def _judged(mission: Mission, event: e.GateJudged) -> None:
    if event.stage is Stage.SEAL and event.tree == mission.sealing_tree:
        mission.seal_reports[event.report.gate] = event.report
    if event.task_id:
        mission.tasks[event.task_id].reports[event.report.gate] = event.report


def _reviewed(mission: Mission, event: e.ReviewGiven) -> None:
    if event.stage is Stage.SEAL:
        mission.review_count += 1
        mission.reviewed_tree = event.tree


def _diagnosed(mission: Mission, event: e.MissionDiagnosed) -> None:
    mission.diagnoses.append(Diagnosis(event.task_id, event.cause, event.strategy))
    if event.model and event.task_id:
        mission.tasks[event.task_id].model = event.model
    elif event.model:
        mission.models[Role.FIXER.value] = event.model


def _undone(mission: Mission, event: e.TaskUndone) -> None:
    mission.tip = event.tip
    mission.tip_tree = event.tree
    if mission.delivering_tip == event.tip:
        mission.delivered_tip, mission.delivering_tip = event.tip, ""
    task = mission.tasks[event.task_id]
    task.status = TaskStatus.STRUCK
    task.reason = f"undone by {event.by}"
    task.merged_from = task.merged_to = ""


def _started(mission: Mission, event: e.AttemptStarted) -> None:
    task = mission.tasks[event.task_id]
    task.status = TaskStatus.RUNNING
    task.attempt_count = event.number
    mission.next_token = event.token + 1
    mission.leases[event.task_id] = Lease(
        event.token, event.task_id, event.attempt_id, event.write_set, event.base_commit
    )
    task.reports = {}


def _release(mission: Mission, task_id: str) -> None:
    mission.leases.pop(task_id, None)
    mission.sessions.pop(task_id, None)
    mission.tasks[task_id].status = TaskStatus.OPEN


def _integrated(mission: Mission, event: e.AttemptIntegrated) -> None:
    mission.leases.pop(event.task_id, None)
    mission.tip = event.tip
    mission.tip_tree = event.tree
    _forget_checkpoint(mission, event.task_id)
    for task in _line(mission, event.task_id):
        task.status = TaskStatus.DONE
        task.merged_from = event.previous
        task.merged_to = event.tip


def _added(mission: Mission, event: e.TaskAdded) -> None:
    added = Task(
        event.task,
        parent_id=event.parent_id,
        start_commit=event.start_commit,
        start_base=event.start_base,
        findings=event.findings,
    )
    mission.tasks[event.task.id] = added
    if event.parent_id:
        parent, *above = _line(mission, event.parent_id)
        parent.status = TaskStatus.FIXING
        (above[-1] if above else parent).fix_count += 1


def _failed(mission: Mission, event: e.TaskFailed) -> None:
    mission.leases.pop(event.task_id, None)
    for task in _line(mission, event.task_id):
        task.status = TaskStatus.FAILED
        task.reason = event.reason


def _line(mission: Mission, task_id: str) -> list[Task]:
    """The task and the tasks that it was made to fix, up to the planned one."""
    line = [mission.tasks[task_id]]
    while line[-1].parent_id:
        line.append(mission.tasks[line[-1].parent_id])
    return line
