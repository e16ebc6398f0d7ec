"""When work does not go on: another strategy, within bounds, and then a stop that says why."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from orchestrator.agents.advice_briefs import replanning_brief
from orchestrator.domain.commands import RevisePlan
from orchestrator.domain.decide import MAX_DIAGNOSES, MAX_NOTE_CHARACTERS
from orchestrator.domain.events import MissionDiagnosed, NoteTaken
from orchestrator.domain.finding import Finding
from orchestrator.domain.mission import Mission, Task
from orchestrator.domain.plan import TaskSpec, outside
from orchestrator.domain.question import Question
from orchestrator.domain.revision import EditKind, PlanEdit, line_below
from orchestrator.domain.violation import RuleViolation
from orchestrator.domain.words import (
    Answer,
    ApprovalMode,
    MissionStatus,
    NoteKind,
    QuestionKind,
    Role,
    Strategy,
    TaskStatus,
)
from orchestrator.engine.asking import ask
from orchestrator.engine.consulting import consult
from orchestrator.engine.diagnosis import STRATEGIES, Stuck, of_rounds, of_task
from orchestrator.engine.ending import MissionOver
from orchestrator.engine.ledger import Ledger
from orchestrator.engine.planning import read_plan
from orchestrator.engine.projecting import history
from orchestrator.engine.rooms import MissionRooms
from orchestrator.engine.searching import search
from orchestrator.errors import OrchestratorError
from orchestrator.ports.host import Brief, Choosing, advises
from orchestrator.ports.journal import JournalError
from orchestrator.ports.workspace import WorkspaceError

BY = "diagnosis"
_KEPT_HINT = "finished tasks are kept: orchestrator diff shows them, orchestrator deliver brings them to you"
_MAX_SHOWN = 10


async def unstick(ledger: Ledger, rooms: MissionRooms) -> None:
    """Make failed tasks possible again, each by the next strategy against its cause.

    What only a reviewer asked for, and nobody could do, is struck: the checks decide then. Raises MissionOver when
    nothing is left for a failed task, or open work waits for nothing.
    """
    if await _strike_advice(ledger):
        return
    mission = ledger.mission
    failed = [task for task in mission.failed_tasks() if not task.parent_id]
    if failed:
        log = [item.event for item in await history(rooms.shared.journal, mission.id)]
        found = [of_task(task.spec.id, _line(mission, task), log) for task in failed]
        chosen = [_strategies(mission, rooms, stuck) for stuck in found]
        hopeless = [stuck for stuck, strategies in zip(found, chosen, strict=True) if not strategies]
        if hopeless or len(mission.diagnoses) + len(found) > MAX_DIAGNOSES:
            await _stop(ledger, (hopeless or found)[0])
        for stuck, strategies in zip(found, chosen, strict=True):
            await _apply(ledger, rooms, stuck, strategies[0], stuck.task_id)
    elif mission.open_tasks():
        first = mission.open_tasks()[0]
        raise MissionOver(
            MissionStatus.FAILED, "task_failed", f"task {first.spec.id} is {first.status.value} and nothing runs"
        )


async def stagnation(ledger: Ledger, rooms: MissionRooms) -> Stuck | None:
    """Whether the rounds of the mission go nowhere."""
    return of_rounds([item.event for item in await history(rooms.shared.journal, ledger.mission.id)])


async def turn(ledger: Ledger, rooms: MissionRooms, stuck: Stuck, task_id: str) -> None:
    """Go on in another way with the task for what a stagnating mission has left. Raises MissionOver without one."""
    strategies = _strategies(ledger.mission, rooms, stuck)
    if not strategies or len(ledger.mission.diagnoses) >= MAX_DIAGNOSES:
        await _stop(ledger, stuck)
    await _apply(ledger, rooms, stuck, strategies[0], task_id)


async def _stop(ledger: Ledger, stuck: Stuck) -> None:
    """End the mission with the cause, and with what was tried. Raises MissionOver."""
    mission = ledger.mission
    await ledger.note(MissionDiagnosed(stuck.task_id, stuck.cause, stuck.detail, Strategy.STOP))
    hint = _KEPT_HINT if mission.tip != mission.base_commit else ""
    tried = [d.strategy.value.replace("_", " ") for d in mission.diagnoses if d.task_id == stuck.task_id][:-1]
    after = f"; tried against it: {', '.join(tried)}" if tried else ""
    if not stuck.task_id:
        raise MissionOver(MissionStatus.FAILED, "stagnated", f"the mission does not go on: {stuck.detail}{after}", hint)
    task = mission.tasks[stuck.task_id]
    waiting = sum(1 for other in mission.tasks.values() if other.status is TaskStatus.OPEN)
    others = f" ({waiting} tasks that depend on it were not begun)" if waiting else ""
    why = f"task {stuck.task_id} could not be done: {task.reason or task.status.value}{others}; {stuck.detail}{after}"
    raise MissionOver(MissionStatus.FAILED, "stagnated" if tried else "task_failed", why, hint)


async def _strike_advice(ledger: Ledger) -> bool:
    mission = ledger.mission
    vain = [
        task
        for task in mission.failed_tasks()
        if not task.parent_id and task.findings and all(finding.gate == "review" for finding in task.findings)
    ]
    if vain:
        edits = tuple(PlanEdit(EditKind.STRIKE, task.spec.id) for task in vain)
        await ledger.do(RevisePlan(mission.plan_version, BY, edits))
    return bool(vain)


def _strategies(mission: Mission, rooms: MissionRooms, stuck: Stuck) -> list[Strategy]:
    """What is left against the cause, in order: not tried here yet, and possible on this host."""
    if stuck.is_hopeless:
        return []
    tried = {diagnosis.strategy for diagnosis in mission.diagnoses if diagnosis.task_id == stuck.task_id}
    possible = {
        Strategy.SEARCH: advises(rooms.host, Role.SEARCHER),
        Strategy.OTHER_MODEL: bool(_other_model(mission, rooms, stuck.task_id)),
        Strategy.SPLIT: advises(rooms.host, Role.PLANNER),
        Strategy.REPLAN: advises(rooms.host, Role.PLANNER),
    }
    return [strategy for strategy in STRATEGIES[stuck.cause] if possible[strategy] and strategy not in tried]


def _other_model(mission: Mission, rooms: MissionRooms, task_id: str) -> str:
    """The next model of the role's chain behind the one that has failed; "" when there is none."""
    if not isinstance(rooms.host, Choosing):
        return ""
    role = mission.tasks[task_id].spec.role if task_id else Role.FIXER
    chain = rooms.host.models(role)
    known = mission.tasks[task_id].model if task_id else ""
    current = known or mission.models.get(role.value, "") or (chain[0] if chain else "")
    behind = chain[chain.index(current) + 1 :] if current in chain else chain
    return behind[0] if behind else ""


async def _apply(ledger: Ledger, rooms: MissionRooms, stuck: Stuck, strategy: Strategy, task_id: str) -> None:
    """Record the diagnosis and act on it; a strategy that fails leaves the task to the next one."""
    mission = ledger.mission
    model = _other_model(mission, rooms, stuck.task_id) if strategy is Strategy.OTHER_MODEL else ""
    await ledger.note(MissionDiagnosed(stuck.task_id, stuck.cause, stuck.detail, strategy, model))
    task = mission.tasks[task_id]
    try:
        match strategy:
            case Strategy.SEARCH:
                await _search(ledger, rooms, stuck, task)
            case Strategy.SPLIT | Strategy.REPLAN:
                await _replan(ledger, rooms, stuck, task, is_split=strategy is Strategy.SPLIT)
                return
            case Strategy.OTHER_MODEL | Strategy.STOP:
                pass
    except (JournalError, WorkspaceError, RuleViolation):
        raise
    except OrchestratorError as error:
        text = f"{strategy.value.replace('_', ' ')} did not help: {error}"[:MAX_NOTE_CHARACTERS]
        await ledger.note(NoteTaken("", task_id, NoteKind.FAILED_APPROACH, text))
        return
    if task.status is TaskStatus.FAILED:
        await ledger.do(RevisePlan(mission.plan_version, BY, (PlanEdit(EditKind.REOPEN, task_id),)))


async def _search(ledger: Ledger, rooms: MissionRooms, stuck: Stuck, task: Task) -> None:
    spec = task.spec
    shown = "\n".join(f"- {finding.headline()}" for finding in stuck.findings[:_MAX_SHOWN])
    question = (
        f"Task {spec.id} ({spec.title}) does not come to an end: {stuck.detail}.\n{shown}\n"
        "What in the repository explains this, and what must a solution respect?"
    )
    async with rooms.shared.workspace.checkout(ledger.mission.tip) as worktree:
        await search(ledger, rooms, worktree, question, task=spec)


async def _replan(ledger: Ledger, rooms: MissionRooms, stuck: Stuck, task: Task, *, is_split: bool) -> None:
    """Put smaller or other tasks in the place of this one. Raises OrchestratorError."""
    mission = ledger.mission

    def told(turn: int, problems: tuple[str, ...]) -> Brief:
        return replanning_brief(
            mission.text,
            [task.spec],
            stuck.detail,
            stuck.findings or task.findings,
            is_split=is_split,
            turn=turn,
            checks=mission.checks,
            notes=mission.session_notes,
            problems=problems,
        )

    read = partial(_read, ledger, rooms, task.spec if is_split else None)
    async with rooms.shared.workspace.checkout(mission.tip) as worktree:
        specs = await consult(ledger, rooms, worktree, told, read, role=Role.PLANNER)
    await _allowed(ledger, rooms, task, specs)
    edits = [PlanEdit(EditKind.STRIKE, task.spec.id)]
    after = task.spec.id
    for spec in specs:
        edits.append(_added(spec, after, task.spec.id, stuck.findings or task.findings))
        after = spec.id
    await ledger.do(RevisePlan(mission.plan_version, BY, tuple(edits)))


def _read(ledger: Ledger, rooms: MissionRooms, split: TaskSpec | None, text: str) -> tuple[TaskSpec, ...]:
    """The new tasks. Raises OrchestratorError `malformed_plan`."""
    tasks, problems = read_plan(text, ledger, rooms)
    problems = (*problems, *(f"task {t.id}: the id is taken" for t in tasks if t.id in ledger.mission.tasks))
    if split is not None and not problems:
        if len(tasks) < 2:
            problems = ("one task is no split",)
        paths = (path for task in tasks for path in task.write_set)
        problems += tuple(f"{path} is not in the write set of {split.id}" for path in outside(split.write_set, paths))
    if problems:
        raise OrchestratorError("malformed_plan", "; ".join(problems), "mend the plan")
    return tasks


def _added(spec: TaskSpec, after_id: str, group_id: str, findings: Sequence[Finding]) -> PlanEdit:
    left = "\n".join(f"- {finding.headline()}" for finding in findings[:_MAX_SHOWN])
    told = f"{spec.instructions}\n\nWhat was wrong with the work before:\n{left}" if left else spec.instructions
    return PlanEdit(
        EditKind.ADD,
        spec.id,
        spec.title,
        spec.write_set,
        spec.depends_on,
        told.strip(),
        after_id,
        group_id,
        spec.why,
        spec.acceptance,
        spec.checks,
    )


async def _allowed(ledger: Ledger, rooms: MissionRooms, task: Task, specs: Sequence[TaskSpec]) -> None:
    """Ask a person, where the mission asks about its plan. Raises OrchestratorError `plan_refused`."""
    if ledger.mission.approval is ApprovalMode.NEVER:
        return
    names = ", ".join(spec.id for spec in specs)
    text = f"Task {task.spec.id} could not be done. Put these in its place: {names}?"
    question = Question(rooms.shared.ids.new("q"), QuestionKind.PERMISSION, text, f"replan: {task.spec.id}")
    answer = await ask(ledger, question)
    if answer.answer is Answer.DENY:
        raise OrchestratorError("plan_refused", f"{answer.by} refused another plan for {task.spec.id}")


def _line(mission: Mission, task: Task) -> list[str]:
    return [other.spec.id for other in line_below(mission.tasks, task)]
