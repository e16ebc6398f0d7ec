"""task/stop."""

from __future__ import annotations

from orchestrator.rpc.mapping import task_view
from orchestrator.rpc.peer import Peer
from orchestrator.rpc.service import Service
from orchestrator_protocol.task import TaskResult, TaskStopParams


async def task_stop(service: Service, params: TaskStopParams, peer: Peer) -> TaskResult:
    """End a task's attempt and hold the task."""
    mission = await service.stop_task(params.mission_id, params.task_id, peer.name)
    return TaskResult(task=task_view(mission.tasks[params.task_id]))
