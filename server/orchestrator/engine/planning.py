"""From the words of a mission to a valid task graph."""

from __future__ import annotations

from orchestrator.agents.briefs import planner_brief
from orchestrator.agents.plan_format import PlanFormatError, parse_plan
from orchestrator.domain.commands import AcceptPlan
from orchestrator.domain.events import PlanRejected
from orchestrator.domain.plan import EVERYWHERE, PlanProblem, TaskSpec, validate
from orchestrator.domain.words import Role
from orchestrator.engine.ledger import Ledger
from orchestrator.engine.rooms import MissionRooms
from orchestrator.engine.searching import search_for_planner
from orchestrator.engine.sessions import Seat, session_for, spec_of
from orchestrator.errors import OrchestratorError

MAX_PROBLEMS = 20
"""More problems than this are not sent back at once."""


class PlanningFailed(OrchestratorError):
    """No valid plan came within the bound."""


async def plan(ledger: Ledger, rooms: MissionRooms, wishes: tuple[str, ...] = ()) -> None:
    """Ask the planner until its plan is valid and accept it; `wishes` say what a person missed in the last one.

    Raises PlanningFailed, or HostError from the session.
    """
    mission = ledger.mission
    limits = rooms.limits
    async with rooms.shared.workspace.checkout(mission.base_commit) as worktree:
        spec = spec_of(ledger, rooms, Role.PLANNER, "", "plan")
        seat = Seat(worktree, search=search_for_planner(ledger, rooms, worktree))
        session = session_for(ledger, rooms, spec, seat)
        problems: tuple[str, ...] = wishes
        try:
            for turn in range(1, limits.plan_tries + 1):
                reply = await session.prompt(
                    planner_brief(mission.text, turn=turn, checks=mission.checks, problems=problems)
                )
                tasks, problems = read_plan(reply.text, ledger, rooms)
                if not problems:
                    await ledger.do(AcceptPlan(tasks))
                    return
                await ledger.note(PlanRejected(turn, problems))
        finally:
            await session.finish()
    raise PlanningFailed(
        "plan_rejected",
        f"the planner gave no valid plan in {limits.plan_tries} tries; the last one: {'; '.join(problems[:3])}",
        "try again, say the mission in smaller steps, or choose another host or model",
    )


def read_plan(text: str, ledger: Ledger, rooms: MissionRooms) -> tuple[tuple[TaskSpec, ...], tuple[str, ...]]:
    """The tasks of a planner's answer, and what is wrong with them; no task where it is no plan at all."""
    try:
        tasks = parse_plan(text)
    except PlanFormatError as error:
        return (), tuple(error.problems[:MAX_PROBLEMS])
    problems = validate(tasks, (check.name for check in ledger.mission.checks))
    if not problems:
        problems = [
            PlanProblem("bad_path", task.id, f"write set entry {path!r} {problem}")
            for task in tasks
            for path in task.write_set
            if (
                problem := "would let it write everywhere"
                if path == EVERYWHERE
                else rooms.shared.workspace.path_problem(path)
            )
        ]
    return tasks, tuple(problem.describe() for problem in problems[:MAX_PROBLEMS])
