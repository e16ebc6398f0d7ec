"""plan/get."""

from __future__ import annotations

from orchestrator.rpc.mapping import task_view
from orchestrator.rpc.service import Service
from orchestrator_protocol.plan import PlanGetParams, PlanGetResult


async def plan_get(service: Service, params: PlanGetParams) -> PlanGetResult:
    """The task graph of a mission."""
    mission = service.get(params.mission_id)
    tasks = [task_view(task) for task in mission.tasks.values()]
    return PlanGetResult(version=mission.plan_version, is_approved=mission.is_plan_approved, tasks=tasks)
