"""Why a task that is open does not run yet, in words for a person."""

from __future__ import annotations

from orchestrator.domain.decide import unmet_dependencies
from orchestrator.domain.mission import Mission, Task
from orchestrator.domain.plan import EVERYWHERE
from orchestrator.domain.words import TaskStatus

_SHOWN = 3


def waiting(mission: Mission) -> dict[str, str]:
    """The reason for every open task of a mission that has not ended; others are left out."""
    if mission.status.is_terminal:
        return {}
    holders = _holders(mission)
    return {
        task.spec.id: _reason(mission, task, holders)
        for task in mission.tasks.values()
        if task.status is TaskStatus.OPEN
    }


def _reason(mission: Mission, task: Task, holders: dict[str, str]) -> str:
    if task.is_paused:
        return "paused"
    if unmet := unmet_dependencies(mission, task):
        more = f" and {len(unmet) - _SHOWN} more" if len(unmet) > _SHOWN else ""
        return f"waits for {', '.join(unmet[:_SHOWN])}{more}"
    if mission.is_paused:
        return "the mission is paused"
    if not mission.is_plan_approved:
        return "the plan is not approved"
    if holder := _holder(task, holders):
        return f"waits for {holder}, which works on the same files"
    return "; ".join(mission.slot_causes) or "waits for a free slot"


def _holders(mission: Mission) -> dict[str, str]:
    """Every leased entry, and (with a slash before it) every folder above one, with the task that holds it."""
    holders: dict[str, str] = {}
    for lease in mission.leases.values():
        for entry in lease.write_set:
            path = _bare(entry)
            holders.setdefault(path, lease.task_id)
            while path:
                path = path.rpartition("/")[0]
                holders.setdefault(f"/{path}", lease.task_id)
    return holders


def _holder(task: Task, holders: dict[str, str]) -> str:
    for entry in task.spec.write_set:
        path = _bare(entry)
        found = holders.get(f"/{path}") or holders.get(path)
        while path and not found:
            path = path.rpartition("/")[0]
            found = holders.get(path)
        if found:
            return found
    return ""


def _bare(entry: str) -> str:
    return "" if entry == EVERYWHERE else entry.removesuffix("/")
