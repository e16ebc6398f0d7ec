"""Small valid values for tests; every argument that matters to the test is named by it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from orchestrator.agents.plan_format import render_plan
from orchestrator.domain.finding import Finding
from orchestrator.domain.plan import TaskSpec
from orchestrator.domain.words import Role
from orchestrator.hosts.scripted_file import parse_script
from orchestrator.hosts.scripted_models import Script
from orchestrator.ports.host import Brief


def make_task(
    task_id: str = "t1",
    *,
    write_set: Sequence[str] | None = None,
    depends_on: Sequence[str] = (),
    checks: Sequence[str] = (),
    role: Role = Role.WORKER,
) -> TaskSpec:
    """A valid task that writes `<id>.txt` unless told otherwise."""
    return TaskSpec(
        id=task_id,
        title=f"Do {task_id}",
        why=f"{task_id} is part of the test",
        write_set=tuple(write_set if write_set is not None else [f"{task_id}.txt"]),
        depends_on=tuple(depends_on),
        instructions=f"Write {task_id}.",
        checks=tuple(checks),
        role=role,
    )


def make_plan(*tasks: TaskSpec) -> dict[str, object]:
    """A plan as the JSON object that a planner answers."""
    plan: dict[str, object] = json.loads(render_plan(tasks))
    return plan


def make_script(
    *tasks: TaskSpec,
    behaviours: Mapping[str, object] | None = None,
    seed: int = 0,
    duration_s: object = 0.0,
) -> Script:
    """A script whose planner answers a plan of these tasks and whose workers write each task's first file.

    `behaviours` are entries of the script's `tasks`, as in the file format; they win over that default.
    """
    written = {"write": {"path": "${path}", "content": "${task} turn ${turn}\n", "is_template": True}}
    data = {
        "seed": seed,
        "defaults": {
            "duration_s": duration_s,
            "worker": [{"say": "written", "actions": [written]}],
            "fixer": [{"say": "mended", "actions": [written]}],
        },
        "planner": [{"plan": make_plan(*tasks)}],
        "tasks": dict(behaviours or {}),
    }
    return parse_script(json.dumps(data), "made script")


def make_brief(
    role: Role = Role.WORKER,
    *,
    turn: int = 1,
    task: TaskSpec | None = None,
    mission_text: str = "a mission",
    findings: Sequence[Finding] = (),
) -> Brief:
    """A brief as a session gets it; roles other than the planner get a task."""
    chosen = task if task is not None or role is Role.PLANNER else make_task()
    return Brief(
        text=f"{role.value}: {mission_text}",
        mission_text=mission_text,
        role=role,
        turn=turn,
        task=chosen,
        findings=tuple(findings),
    )
