"""Rules about what people ask of a mission while it runs: hold, steer, revise, answer, undo, try again."""

from __future__ import annotations

from orchestrator.domain import commands as c
from orchestrator.domain import events as e
from orchestrator.domain import revision
from orchestrator.domain.mission import Mission, Task
from orchestrator.domain.question import MAX_OPEN_QUESTIONS
from orchestrator.domain.violation import RuleViolation
from orchestrator.domain.words import MissionStatus, TaskStatus

MAX_NOTES = 100
"""Most things that people may say to one task."""


def pause(mission: Mission, command: c.Pause) -> list[e.Event]:
    """Hold the mission."""
    if mission.is_paused:
        raise RuleViolation("already_paused", f"mission {mission.id} is paused already: {mission.pause_reason}")
    return [e.MissionPaused(command.by, command.reason)]


def resume(mission: Mission, command: c.Resume) -> list[e.Event]:
    """Let it go on."""
    if not mission.is_paused:
        raise RuleViolation("not_paused", f"mission {mission.id} is not paused")
    return [e.MissionResumed(command.by)]


def reopen(mission: Mission, command: c.Reopen) -> list[e.Event]:
    """Try an ended mission again, with the tasks that had failed."""
    if not mission.status.is_terminal:
        raise RuleViolation("mission_active", f"mission {mission.id} is {mission.status.value}", "stop it first")
    if mission.status is MissionStatus.SEALED or mission.is_undone:
        how = "undone" if mission.is_undone else "sealed"
        raise RuleViolation("mission_closed", f"mission {mission.id} is {how}", "start a new one")
    failed = tuple(t.spec.id for t in mission.failed_tasks() if not t.parent_id)
    return [e.MissionReopened(command.by, failed)]


def revise(mission: Mission, command: c.RevisePlan) -> list[e.Event]:
    """Change the plan, against the version that the writer saw."""
    if not mission.plan_version:
        raise RuleViolation("no_plan", f"mission {mission.id} has no plan yet")
    if command.version != mission.plan_version:
        raise plan_conflict(mission, command.version)
    if problem := revision.check(mission, command.edits):
        raise RuleViolation(problem.code, problem.message)
    return [e.PlanRevised(mission.plan_version + 1, command.by, command.edits)]


def plan_conflict(mission: Mission, seen: int) -> RuleViolation:
    """The refusal of a write that saw another version of the plan; its data holds the current one."""
    return RuleViolation(
        "plan_conflict",
        f"the plan is at version {mission.plan_version}, not at {seen}",
        "read the plan again and repeat what you did",
        data={"version": mission.plan_version},
    )


def ask(mission: Mission, command: c.Ask) -> list[e.Event]:
    """Put a question; no event when the person has allowed the same for good."""
    question = command.question
    if (question.kind, question.subject) in mission.always:
        return []
    if question.id in mission.questions or question.id in mission.answers:
        raise RuleViolation("question_exists", f"question {question.id} was asked already")
    if len(mission.questions) >= MAX_OPEN_QUESTIONS:
        raise RuleViolation("too_many_questions", f"{MAX_OPEN_QUESTIONS} questions are open already")
    return [e.QuestionAsked(question)]


def answer(mission: Mission, command: c.AnswerQuestion) -> list[e.Event]:
    """The first answer counts; whoever comes later is told which one that was."""
    if earlier := mission.answers.get(command.question_id):
        raise RuleViolation(
            "already_answered", f"{earlier.by} answered {earlier.answer.value} to {command.question_id} before"
        )
    if command.question_id not in mission.questions:
        raise RuleViolation("unknown_question", f"mission {mission.id} has no question {command.question_id!r}")
    return [e.QuestionAnswered(command.question_id, command.answer, command.by, command.text)]


def hold(mission: Mission, command: c.HoldTask) -> list[e.Event]:
    """Pause or resume one task."""
    task = _open_task(mission, command.task_id)
    if task.is_paused == command.is_held:
        state = "paused already" if command.is_held else "not paused"
        raise RuleViolation("already_paused" if command.is_held else "not_paused", f"task {task.spec.id} is {state}")
    if command.is_held:
        return [e.TaskPaused(task.spec.id, command.by)]
    return [e.TaskResumed(task.spec.id, command.by)]


def steer(mission: Mission, command: c.Steer) -> list[e.Event]:
    """Say something to a task that is not done yet."""
    task = _open_task(mission, command.task_id)
    if not command.text.strip():
        raise RuleViolation("empty_text", "there is nothing to say")
    if len(task.notes) >= MAX_NOTES:
        raise RuleViolation("too_many_notes", f"task {task.spec.id} was told {MAX_NOTES} things already")
    return [e.TaskSteered(task.spec.id, command.by, command.text)]


def undo_task(mission: Mission, command: c.UndoTask) -> list[e.Event]:
    """Record the way back of one task's work."""
    task = known_task(mission, command.task_id)
    if task.status is not TaskStatus.DONE or not task.merged_to:
        raise RuleViolation("nothing_to_undo", f"task {task.spec.id} is {task.status.value}; nothing of it is merged")
    if command.previous != mission.tip:
        raise RuleViolation("tip_moved", "the mission ref moved meanwhile", "try again")
    return [
        e.TaskUndone(task.spec.id, command.by, command.previous, command.tip, command.tree, command.paths),
    ]


def known_task(mission: Mission, task_id: str) -> Task:
    """The task with this id. Raises RuleViolation `unknown_task`."""
    task = mission.tasks.get(task_id)
    if task is None:
        raise RuleViolation("unknown_task", f"mission {mission.id} has no task {task_id!r}")
    return task


def _open_task(mission: Mission, task_id: str) -> Task:
    task = known_task(mission, task_id)
    if task.status not in {TaskStatus.OPEN, TaskStatus.RUNNING, TaskStatus.FIXING}:
        raise RuleViolation("task_closed", f"task {task.spec.id} is {task.status.value}")
    return task
