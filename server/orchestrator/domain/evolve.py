"""Applying events to the mission that they belong to."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.domain import events as e
from orchestrator.domain.mission import Lease, Mission, Task
from orchestrator.domain.words import MissionStatus, Stage, TaskStatus


def fold(events: Iterable[e.Event]) -> Mission:
    """The mission that these events describe, from the first to the last."""
    mission = Mission()
    for event in events:
        evolve(mission, event)
    return mission


def evolve(mission: Mission, event: e.Event) -> None:  # noqa: C901, PLR0912, PLR0915 - one arm an event, nothing else
    """Apply one event in place. Never refuses: what is in the journal has happened."""
    mission.version += 1
    match event:
        case e.MissionAccepted():
            _accepted(mission, event)
        case e.MissionStarted():
            mission.status = MissionStatus.PLANNING
        case e.SnapshotTaken():
            mission.base_commit = mission.tip = event.commit
            mission.base_tree = mission.tip_tree = event.tree
            mission.file_count = event.file_count
        case e.ChecksChosen():
            mission.checks = event.checks
            mission.setup = event.setup
            mission.held_back = event.held_back
        case e.PlanRejected() | e.AttemptCommitted():
            pass
        case e.PlanAccepted():
            mission.plan_version = event.version
            mission.tasks = {spec.id: Task(spec) for spec in event.tasks}
        case e.IterationStarted():
            mission.iteration = event.number
            mission.status = MissionStatus.RUNNING
        case e.AttemptStarted():
            _started(mission, event)
        case e.SessionRecovering():
            mission.recovered_count += 1
        case e.GateJudged():
            if event.stage is Stage.SEAL and event.tree == mission.sealing_tree:
                mission.seal_reports[event.report.gate] = event.report
        case e.AttemptRefused():
            mission.refused_count += 1
            _release(mission, event.task_id)
        case e.AttemptInterrupted():
            _release(mission, event.task_id)
        case e.AttemptIntegrated():
            _integrated(mission, event)
        case e.TaskAdded():
            _added(mission, event)
        case e.TaskFailed():
            _failed(mission, event)
        case e.SealingStarted():
            mission.status = MissionStatus.SEALING
            mission.sealing_tree = event.tree
            mission.seal_reports = {}
        case e.MissionSealed():
            mission.status = MissionStatus.SEALED
            mission.seal = event.seal
        case e.MissionEnded():
            mission.status = event.status
            mission.end_code = event.code
            mission.end_reason = event.reason
            mission.end_hint = event.hint
        case e.MissionDelivered():
            mission.is_delivered = not event.kept_back
            mission.delivered_place = event.place


def _accepted(mission: Mission, event: e.MissionAccepted) -> None:
    mission.id = event.mission_id
    mission.text = event.text
    mission.workspace = event.workspace
    mission.host = event.host
    mission.delivery = event.delivery
    mission.is_trusted = event.is_trusted
    mission.max_iterations = event.max_iterations


def _started(mission: Mission, event: e.AttemptStarted) -> None:
    task = mission.tasks[event.task_id]
    task.status = TaskStatus.RUNNING
    task.attempt_count = event.number
    mission.next_token = event.token + 1
    mission.leases[event.task_id] = Lease(event.token, event.task_id, event.attempt_id, event.write_set)


def _release(mission: Mission, task_id: str) -> None:
    mission.leases.pop(task_id, None)
    task = mission.tasks[task_id]
    if task.status is TaskStatus.RUNNING:
        task.status = TaskStatus.OPEN


def _integrated(mission: Mission, event: e.AttemptIntegrated) -> None:
    mission.leases.pop(event.task_id, None)
    mission.tip = event.tip
    mission.tip_tree = event.tree
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
