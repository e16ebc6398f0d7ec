"""Every rule about what may happen to a mission."""

from __future__ import annotations

from orchestrator.domain import commands as c
from orchestrator.domain import decide_budget as money
from orchestrator.domain import decide_people as people
from orchestrator.domain import events as e
from orchestrator.domain.mission import Mission, Task
from orchestrator.domain.plan import TaskSpec, outside, overlaps, validate
from orchestrator.domain.question import Question, plan_question_id
from orchestrator.domain.receipt import Receipt, Seal
from orchestrator.domain.violation import RuleViolation
from orchestrator.domain.words import (
    Answer,
    ApprovalMode,
    MissionStatus,
    QuestionKind,
    Sensitivity,
    Stage,
    Strategy,
    TaskStatus,
    Verdict,
)

_SETTLED = frozenset({TaskStatus.DONE, TaskStatus.STRUCK})
MAX_FIXES = 3
"""How many fixer tasks may follow one another for one task."""
MAX_SESSION_NOTES = 500
"""Most notes of sessions that a mission keeps."""
MAX_NOTE_CHARACTERS = 4_000
MAX_REVIEWS = 3
"""How often the whole work of a mission is reviewed."""
MAX_DIAGNOSES = 8
"""How often a mission looks for the cause when work does not go on."""


def decide(mission: Mission, command: c.Command) -> list[e.Event]:  # noqa: C901, PLR0912 - one arm a command
    """The events that follow from a command, or RuleViolation. Reads the mission, changes nothing."""
    if isinstance(command, c.AcceptMission):
        return _accept(mission, command)
    if isinstance(command, c.RecordDelivery):
        return _deliver(mission, command)
    if isinstance(command, c.Reopen):
        return people.reopen(mission, command)
    if isinstance(command, c.UndoTask):
        return people.undo_task(mission, command)
    if not mission.id or mission.status.is_terminal:
        raise RuleViolation("mission_not_active", f"mission {mission.id or '?'} is {mission.status.value}")
    match command:
        case c.AcceptPlan():
            return _plan(mission, command)
        case c.StartAttempt():
            return _start(mission, command)
        case c.IntegrateAttempt():
            return _integrate(mission, command)
        case c.AddFixTask():
            return _fix(mission, command)
        case c.SealMission():
            return _seal(mission, command)
        case c.EndMission():
            return _end(mission, command)
        case c.Note():
            return _note(mission, command)
        case c.TakeUp():
            return _take_up(mission, command)
        case c.Pause():
            return people.pause(mission, command)
        case c.Resume():
            return people.resume(mission, command)
        case c.RevisePlan():
            return people.revise(mission, command)
        case c.Ask():
            return people.ask(mission, command)
        case c.AnswerQuestion():
            return people.answer(mission, command)
        case c.HoldTask():
            return people.hold(mission, command)
        case c.Steer():
            return people.steer(mission, command)
        case c.Reserve():
            return money.reserve(mission, command)
        case c.Settle():
            return money.settle(mission, command)
        case c.ChangeBudget():  # every kind has an arm
            return money.change(mission, command)


def _accept(mission: Mission, command: c.AcceptMission) -> list[e.Event]:
    if mission.id:
        raise RuleViolation("mission_exists", f"mission {mission.id} exists already")
    if not command.mission_id:
        raise RuleViolation("bad_mission_id", "a mission needs an id")
    if not command.text.strip():
        raise RuleViolation("empty_mission", "the mission is empty", "say what should be done")
    return [
        e.MissionAccepted(
            command.mission_id,
            command.text,
            command.workspace,
            command.host,
            command.delivery,
            command.is_trusted,
            command.max_iterations,
            command.approval,
            command.limits,
            command.wall_time_s,
            command.key,
            command.context,
            command.models,
        )
    ]


def _take_up(mission: Mission, command: c.TakeUp) -> list[e.Event]:
    kept = frozenset(command.kept_attempts)
    gone = [lease for lease in mission.leases.values() if lease.attempt_id not in kept]
    dead = {lease.attempt_id for lease in gone}
    interrupted = [
        e.AttemptInterrupted(lease.attempt_id, lease.task_id, e.FailureKind.INTERRUPTED, command.reason)
        for lease in gone
    ]
    lost = [e.BudgetSettled(r.id, r.amounts, is_lost=True) for r in mission.budget.open.values()]
    unheard = [
        e.QuestionAnswered(q.id, Answer.DENY, "server", "whoever asked is gone")
        for q in mission.questions.values()
        if q.attempt_id in dead or q.kind is QuestionKind.PERMISSION  # a session that lives on asks anew
    ]
    return [*interrupted, *lost, *unheard, e.MissionTakenUp(command.reason, tuple(sorted(dead)))]


def _deliver(mission: Mission, command: c.RecordDelivery) -> list[e.Event]:
    if not mission.base_commit:
        raise RuleViolation("nothing_to_deliver", f"mission {mission.id} has no work yet")
    return [command.fact]


def _plan(mission: Mission, command: c.AcceptPlan) -> list[e.Event]:
    problems = validate(command.tasks, (check.name for check in mission.checks))
    if problems:
        raise RuleViolation("invalid_plan", "; ".join(p.describe() for p in problems[:5]))
    if mission.plan_version and (mission.is_plan_approved or mission.leases):
        raise RuleViolation("plan_exists", f"mission {mission.id} has a plan already")
    version = mission.plan_version + 1
    accepted = e.PlanAccepted(version, command.tasks)
    if mission.approval is ApprovalMode.NEVER:
        return [accepted]
    question = Question(
        plan_question_id(mission.id, version),
        QuestionKind.PLAN,
        f"Run this plan of {len(command.tasks)} tasks?",
        timeout_s=0,
    )
    return [accepted, e.QuestionAsked(question)]


def _start(mission: Mission, command: c.StartAttempt) -> list[e.Event]:
    task = people.known_task(mission, command.task_id)
    if task.status is not TaskStatus.OPEN:
        raise RuleViolation("task_not_open", f"task {task.spec.id} is {task.status.value}")
    if mission.is_paused or task.is_paused:
        raise RuleViolation("paused", f"task {task.spec.id} is paused", "resume it first")
    if not mission.is_plan_approved:
        raise RuleViolation("plan_not_approved", "nobody has approved the plan yet", "approve it first")
    if not mission.tip:
        raise RuleViolation("no_snapshot", f"mission {mission.id} has no base to start from")
    if waiting := unmet_dependencies(mission, task):
        raise RuleViolation("task_not_ready", f"task {task.spec.id} waits for {', '.join(waiting)}")
    for lease in mission.leases.values():
        if overlaps(lease.write_set, task.spec.write_set):
            raise RuleViolation("write_set_leased", f"task {task.spec.id} overlaps the lease of {lease.task_id}")
    return [
        e.AttemptStarted(
            command.attempt_id,
            task.spec.id,
            task.attempt_count + 1,
            task.spec.role,
            command.host,
            mission.next_token,
            mission.tip,
            task.spec.write_set,
        )
    ]


def unmet_dependencies(mission: Mission, task: Task) -> list[str]:
    """Ids of the tasks that must be done (or struck) before this one may start, parts of them included."""
    wanted = list(task.spec.depends_on)
    for dependency in task.spec.depends_on if mission.groups else ():
        if dependency in mission.groups:
            wanted.extend(part.spec.id for part in mission.parts(dependency) if part is not task)
    return [d for d in wanted if mission.tasks[d].status not in _SETTLED]


def _integrate(mission: Mission, command: c.IntegrateAttempt) -> list[e.Event]:
    lease = mission.leases.get(command.task_id)
    if lease is None or lease.token != command.token or lease.attempt_id != command.attempt_id:
        raise RuleViolation("stale_token", f"attempt {command.attempt_id} no longer owns task {command.task_id}")
    if strays := outside(lease.write_set, command.paths):
        raise RuleViolation("outside_write_set", f"changes outside the write set: {', '.join(strays)}")
    if command.previous != mission.tip:
        raise RuleViolation("tip_moved", "the mission ref moved meanwhile", "merge on the new tip")
    return [
        e.AttemptIntegrated(
            command.attempt_id,
            command.task_id,
            command.previous,
            command.tip,
            command.tree,
            command.paths,
        )
    ]


def _fix(mission: Mission, command: c.AddFixTask) -> list[e.Event]:
    checks: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    if not mission.plan_version:
        raise RuleViolation("no_plan", f"mission {mission.id} has no plan to add to")
    if not command.write_set:
        raise RuleViolation("bad_write_set", "the write set of the fix is empty")
    if command.parent_id:
        parent = people.known_task(mission, command.parent_id)
        if parent.status is not TaskStatus.OPEN:
            raise RuleViolation("task_not_open", f"task {parent.spec.id} is {parent.status.value}")
        root = mission.root_of(parent)
        if not fixes_left(mission, command.parent_id):
            raise RuleViolation("fixes_exhausted", f"task {root.spec.id} was fixed {root.fix_count} times in vain")
        fix_id = _free_id(mission, f"{root.spec.id}.fix", root.fix_count + 1)
        checks = parent.spec.checks
        depends_on = parent.spec.depends_on
    else:
        fix_id = _free_id(mission, "review-", 1)
    spec = TaskSpec(
        id=fix_id,
        title=command.title,
        why=command.reason,
        write_set=command.write_set,
        depends_on=depends_on,
        checks=checks,
        role=command.role,
    )
    return [
        e.TaskAdded(spec, command.parent_id, command.reason, command.findings, command.start_commit, command.start_base)
    ]


def _free_id(mission: Mission, stem: str, number: int) -> str:
    """The first of stem1, stem2, … from `number` on that no task has: a plan may use such names itself."""
    while f"{stem}{number}" in mission.tasks:
        number += 1
    return f"{stem}{number}"


def fixes_left(mission: Mission, task_id: str) -> int:
    """How many more fixer tasks may answer refused attempts of this task."""
    return max(0, MAX_FIXES - mission.root_of(mission.tasks[task_id]).fix_count)


def _seal(mission: Mission, command: c.SealMission) -> list[e.Event]:
    if problem := unsealable(mission, command.tree):
        raise RuleViolation(*problem)
    receipts = seal_receipts(mission)
    not_checked = tuple(gate for gate, report in mission.seal_reports.items() if report.verdict is Verdict.NOT_CHECKED)
    return [
        e.MissionSealed(
            Seal(
                mission.tip_tree,
                mission.tip,
                receipts,
                not_checked,
                mission.refused_count,
                mission.recovered_count,
                len(mission.tasks),
                command.duration_s,
            )
        )
    ]


def seal_receipts(mission: Mission) -> tuple[Receipt, ...]:
    """The receipts that the gates of the sealing round hold."""
    return tuple(r for report in mission.seal_reports.values() for r in report.receipts)


def unsealable(mission: Mission, tree: str) -> tuple[str, str, str] | None:
    """Why this tree can't be sealed (code, message, hint), None when invariant 15 holds."""
    if not mission.plan_version:
        return ("no_plan", "no plan was accepted, so nothing was done", "")
    if tree != mission.tip_tree or mission.sealing_tree != tree:
        return ("tree_moved", "the tree to seal is not the tree that was judged", "judge it again")
    if mission.open_tasks() or mission.failed_tasks():
        left = [t.spec.id for t in (*mission.open_tasks(), *mission.failed_tasks())]
        return ("work_left", f"not done: {', '.join(left)}", "")
    for gate, report in mission.seal_reports.items():
        if report.verdict is Verdict.FAILED:
            return ("gate_failed", f"gate {gate} failed on the final tree", "")
    receipts = seal_receipts(mission)
    if any(r.tree != tree for r in receipts):
        return ("tree_moved", "a receipt belongs to another tree", "judge it again")
    passed = [r for r in receipts if r.verdict is Verdict.CLEAN]
    if not passed:
        return ("unverified", "no check ran and passed on the final tree", _UNVERIFIED_HINT)
    if not any(r.sensitivity is Sensitivity.SENSITIVE for r in passed):
        return (
            "unverified",
            "no check noticed a syntax error planted in the changed code",
            _UNVERIFIED_HINT,
        )
    return None


_UNVERIFIED_HINT = "declare checks in .opencode/orchestrator.jsonc, or pass --trust to run those that were found"


def _end(mission: Mission, command: c.EndMission) -> list[e.Event]:
    endings = {MissionStatus.UNVERIFIED, MissionStatus.FAILED, MissionStatus.STOPPED}
    if command.status not in endings:
        raise RuleViolation("bad_ending", f"{command.status.value} is no ending without a seal")
    released: list[e.Event] = [
        e.AttemptInterrupted(lease.attempt_id, lease.task_id, e.FailureKind.UNKNOWN, "the mission ended")
        for lease in mission.leases.values()
    ]
    return [*released, e.MissionEnded(command.status, command.code, command.reason, command.hint)]


def _note(mission: Mission, command: c.Note) -> list[e.Event]:
    event = command.event
    if isinstance(event, e.AttemptRefused | e.AttemptInterrupted | e.AttemptCommitted):
        lease = mission.leases.get(event.task_id)
        if lease is None or lease.attempt_id != event.attempt_id:
            raise RuleViolation("stale_token", f"attempt {event.attempt_id} has ended already")
    if isinstance(event, e.SnapshotTaken | e.ChecksChosen) and mission.plan_version:
        raise RuleViolation("base_is_fixed", "the base and its checks are fixed once the plan is accepted")
    if isinstance(event, e.TaskFailed):
        task = people.known_task(mission, event.task_id)
        if task.status not in {TaskStatus.OPEN, TaskStatus.RUNNING, TaskStatus.FIXING}:
            raise RuleViolation("task_closed", f"task {task.spec.id} is {task.status.value}")
    if isinstance(event, e.IterationStarted) and event.number > mission.max_iterations:
        raise RuleViolation("iterations_exhausted", f"the bound of {mission.max_iterations} iterations is reached")
    if isinstance(event, e.NoteTaken | e.ReviewGiven | e.MissionDiagnosed):
        _bounded(mission, event)
    return [event]


def _bounded(mission: Mission, event: e.NoteTaken | e.ReviewGiven | e.MissionDiagnosed) -> None:
    """What models say about a mission has bounds, and names tasks that exist."""
    if event.task_id:
        people.known_task(mission, event.task_id)
    match event:
        case e.NoteTaken():
            if len(event.text) > MAX_NOTE_CHARACTERS:
                raise RuleViolation("note_too_long", f"a note has at most {MAX_NOTE_CHARACTERS} characters")
            if len(mission.session_notes) >= MAX_SESSION_NOTES:
                raise RuleViolation("too_many_notes", f"mission {mission.id} keeps {MAX_SESSION_NOTES} notes already")
        case e.ReviewGiven():
            if event.stage is Stage.SEAL and mission.review_count >= MAX_REVIEWS:
                raise RuleViolation("reviews_exhausted", f"mission {mission.id} was reviewed {MAX_REVIEWS} times")
        case e.MissionDiagnosed():  # every kind has an arm
            if len(mission.diagnoses) >= MAX_DIAGNOSES and event.strategy is not Strategy.STOP:
                raise RuleViolation("diagnoses_exhausted", f"mission {mission.id} was diagnosed {MAX_DIAGNOSES} times")
