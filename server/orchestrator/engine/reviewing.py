"""The reviewer: looks at work that the gates have passed, and can only add work to it.

Gates come first and stand above it: what they refuse it never sees, and its approval changes nothing. A verdict that
can't be had (no such session, no readable answer, no budget) is recorded as not reviewed, and the checks decide alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orchestrator.agents.advice_briefs import reviewer_brief
from orchestrator.agents.review_format import parse_review
from orchestrator.domain.commands import AddFixTask, Note
from orchestrator.domain.decide import MAX_REVIEWS, fixes_left
from orchestrator.domain.events import AttemptStarted, ReviewGiven
from orchestrator.domain.finding import Finding
from orchestrator.domain.mission import Mission, Task
from orchestrator.domain.receipt import GateReport
from orchestrator.domain.words import ReviewMode, ReviewVerdict, Role, Stage
from orchestrator.engine.consulting import consult
from orchestrator.engine.ledger import Ledger
from orchestrator.engine.refusal import Refusal
from orchestrator.engine.rooms import MissionRooms
from orchestrator.errors import OrchestratorError
from orchestrator.ports.host import Brief, advises
from orchestrator.ports.journal import JournalError
from orchestrator.ports.workspace import WorkspaceError, Worktree


@dataclass(frozen=True, slots=True)
class _Work:
    """What is reviewed: the diff of a tree, what it was for, and what the gates said of it."""

    stage: Stage
    worktree: Worktree
    tasks: tuple[Task, ...]
    diff: str
    reports: Sequence[GateReport]
    attempt_id: str = ""


async def review_attempt(ledger: Ledger, rooms: MissionRooms, started: AttemptStarted, worktree: Worktree) -> None:
    """Have the work of one attempt reviewed, where the mission reviews attempts. Raises Refusal for what blocks.

    The last fixer's work is not reviewed any more: there the gates decide alone.
    """
    task = ledger.mission.tasks[started.task_id]
    is_wanted = rooms.limits.review is ReviewMode.ATTEMPT and fixes_left(ledger.mission, started.task_id)
    if not is_wanted or not advises(rooms.host, Role.REVIEWER):
        return
    diff = await rooms.shared.workspace.diff(started.base_commit, worktree.commit)
    work = _Work(Stage.ATTEMPT, worktree, (task,), diff, tuple(task.reports.values()), started.attempt_id)
    given = await _reviewed(ledger, rooms, work)
    await ledger.note(given)
    if given.findings:
        raise Refusal("the review found what the task asks for missing", given.findings, worktree.commit)


async def review_mission(
    ledger: Ledger,
    rooms: MissionRooms,
    worktree: Worktree,
    reports: Sequence[GateReport],
    fix: Callable[[tuple[Finding, ...]], AddFixTask],
) -> bool:
    """Have the whole work of the mission reviewed; whether that has added work, which is what `fix` makes of findings.

    A tree is reviewed once, a mission at most MAX_REVIEWS times. One with a single task is reviewed only where attempts
    are: the review would cost about as much as the work. In the last iteration nobody could mend what it finds.
    """
    mission = ledger.mission
    if not _is_worth_it(mission, rooms) or mission.reviewed_tree == worktree.tree:
        return False
    diff = await rooms.shared.workspace.diff(mission.base_commit, mission.tip)
    tasks = tuple(task for task in mission.tasks.values() if not task.parent_id)
    given = await _reviewed(ledger, rooms, _Work(Stage.SEAL, worktree, tasks, diff, reports))
    # One transaction: a tree that counts as reviewed must not lose what was found in it.
    await ledger.do(Note(given), *([fix(given.findings)] if given.findings else []))
    return bool(given.findings)


def _is_worth_it(mission: Mission, rooms: MissionRooms) -> bool:
    mode = rooms.limits.review
    planned = sum(1 for task in mission.tasks.values() if not task.parent_id)
    return (
        mode is not ReviewMode.NEVER
        and (mode is ReviewMode.ATTEMPT or planned > 1)
        and mission.review_count < MAX_REVIEWS
        and mission.iteration < min(mission.max_iterations, rooms.limits.max_iterations)
        and mission.tip != mission.base_commit
        and advises(rooms.host, Role.REVIEWER)
    )


async def _reviewed(ledger: Ledger, rooms: MissionRooms, work: _Work) -> ReviewGiven:
    """Ask for the verdict."""
    mission = ledger.mission
    task_id = work.tasks[0].spec.id if work.attempt_id else ""

    def told(turn: int, problems: tuple[str, ...]) -> Brief:
        specs = [mission.root_of(task).spec for task in work.tasks]
        return reviewer_brief(mission.text, specs, work.diff, work.reports, turn=turn, problems=problems)

    def given(verdict: ReviewVerdict, text: str, *found: tuple[Finding, ...]) -> ReviewGiven:
        findings, advice = found or ((), ())
        tree = work.worktree.tree
        return ReviewGiven(work.stage, tree, task_id, work.attempt_id, verdict, text, findings, advice)

    try:
        model = await consult(ledger, rooms, work.worktree, told, parse_review, role=Role.REVIEWER, task_id=task_id)
    except (JournalError, WorkspaceError):
        raise
    except OrchestratorError as error:
        return given(ReviewVerdict.NOT_REVIEWED, str(error))
    return given(ReviewVerdict(model.verdict), model.summary, model.blocking(), model.advice())
