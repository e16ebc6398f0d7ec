"""Which behaviour a script has for a brief: a pure function, so that it can be tested and fuzzed alone."""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from orchestrator.domain.words import FailureKind, Role
from orchestrator.hosts.scripted_models import (
    MAX_DURATION_S,
    Action,
    Duration,
    Fault,
    Lognormal,
    PlannerTurn,
    Script,
    TaskTurns,
    Turn,
    Uniform,
)
from orchestrator.ports.host import Brief, HostError

_FIX_TASK = re.compile(r"(?P<root>.+)\.fix(?P<number>[1-9][0-9]*)\Z")


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a session does for one prompt.

    `fault` strikes this time (None: the turn goes through); times are scaled already; `reply` is the answer's text.
    """

    actions: tuple[Action, ...]
    duration_s: float
    fault: Fault | None
    reply: str
    task_id: str
    position: int


def behaviour(script: Script, brief: Brief, *, struck: int = 0) -> Behaviour:
    """What the script says for this brief, after `struck` faults of this turn have struck already.

    Pure: the same arguments give the same behaviour. Raises HostError UNSUPPORTED when the script has nothing for it.
    """
    task_id = brief.task.id if brief.task else ""
    is_first_plan = brief.role is Role.PLANNER and brief.task is None
    turn, position = _planner_turn(script, brief) if is_first_plan else _task_turn(script, brief, task_id)
    name = f"{script.seed}:{brief.role.value}:{task_id}:{position}"
    duration = script.defaults.duration_s if turn.duration_s is None else turn.duration_s
    return Behaviour(
        actions=turn.actions,
        duration_s=draw(duration, name) / script.speed,
        fault=_fault(turn.faults, struck),
        reply=_reply(turn),
        task_id=task_id,
        position=position,
    )


def draw(duration: Duration, name: str) -> float:
    """Seconds; a distribution is drawn from the name, so that the same name always gives the same number."""
    if isinstance(duration, Lognormal):
        shape = duration.lognormal
        seconds = shape.median * math.exp(random.Random(name).gauss(0.0, shape.sigma))  # noqa: S311 - no secret
        return min(seconds, MAX_DURATION_S)
    if isinstance(duration, Uniform):
        return random.Random(name).uniform(duration.uniform.low, duration.uniform.high)  # noqa: S311 - no secret
    return duration


def _planner_turn(script: Script, brief: Brief) -> tuple[PlannerTurn, int]:
    turns = _merge_faults(script.planner)
    if not turns:
        raise HostError(FailureKind.UNSUPPORTED, "the script has no planner", hint='add turns under "planner"')
    return turns[min(brief.turn, len(turns)) - 1], brief.turn


def _merge_faults(turns: Sequence[PlannerTurn]) -> list[PlannerTurn]:
    """Turns with an answer; the faults of a turn without one strike before the next one's."""
    merged: list[PlannerTurn] = []
    waiting: tuple[Fault, ...] = ()
    for turn in turns:
        if turn.is_fault_alone:
            waiting += turn.faults
        else:
            merged.append(turn.model_copy(update={"faults": waiting + turn.faults}))
            waiting = ()
    if waiting:
        forever = waiting[-1].model_copy(update={"times": "always"})
        merged.append(PlannerTurn(faults=(*waiting[:-1], forever)))
    return merged


def _task_turn(script: Script, brief: Brief, task_id: str) -> tuple[Turn, int]:
    fix = _FIX_TASK.match(task_id)
    root, number = (fix["root"], int(fix["number"])) if fix else (task_id, 1)
    position = brief.turn
    if brief.role is Role.FIXER and task_id not in script.tasks:
        # The second fixer task of a task goes on where the first one stood.
        position += number - 1
    for entry in (*_entries(script, task_id, root), script.defaults):
        turns = _turns(entry, brief.role)
        if turns:
            return turns[min(position, len(turns)) - 1], position
    raise HostError(
        FailureKind.UNSUPPORTED,
        f"the script has no {brief.role.value} for task {task_id!r}",
        hint=f'add "{task_id}" (or a pattern) under "tasks", or turns under "defaults"',
    )


def _entries(script: Script, task_id: str, root: str) -> list[TaskTurns]:
    """Entries that name this task, the most specific first: exact ids, then patterns by their literal characters."""
    exact = [script.tasks[name] for name in dict.fromkeys((task_id, root)) if name in script.tasks]
    patterns = [
        (name, entry)
        for name, entry in script.tasks.items()
        if any(mark in name for mark in "*?[") and (fnmatchcase(task_id, name) or fnmatchcase(root, name))
    ]
    patterns.sort(key=lambda item: -len(re.sub(r"\[[^\]]*\]|[*?]", "", item[0])))
    return [*exact, *(entry for _, entry in patterns)]


def _turns(entry: TaskTurns, role: Role) -> tuple[Turn, ...]:
    by_role = {
        Role.WORKER: entry.worker,
        Role.FIXER: entry.fixer,
        Role.PLANNER: entry.planner,
        Role.SEARCHER: entry.searcher,
        Role.REVIEWER: entry.reviewer,
    }
    return by_role[role]


def has_turns(script: Script, role: Role) -> bool:
    """Whether a script has anything for a role that is asked for advice (planner: for planning anew)."""
    return any(_turns(entry, role) for entry in (*script.tasks.values(), script.defaults))


def _fault(faults: Sequence[Fault], struck: int) -> Fault | None:
    """The fault whose turn it is after `struck` strikes: each in order, as often as it says."""
    left = struck
    for fault in faults:
        if fault.times == "always" or left < fault.times:
            return fault
        left -= fault.times
    return None


def _reply(turn: Turn | PlannerTurn) -> str:
    if isinstance(turn, Turn):
        return turn.say
    if turn.plan is not None:
        return json.dumps(turn.plan, indent=2, ensure_ascii=False)
    return turn.text or ""
