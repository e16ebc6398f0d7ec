"""task/pause."""

from __future__ import annotations

from orchestrator.domain.commands import HoldTask
from orchestrator.rpc.mapping import task_view
from orchestrator.rpc.peer import Peer
from orchestrator.rpc.service import Service
from orchestrator_protocol.task import TaskPauseParams, TaskResult


async def task_pause(service: Service, params: TaskPauseParams, peer: Peer) -> TaskResult:
    """Hold a task."""
    await service.do(params.mission_id, HoldTask(params.task_id, peer.name, is_held=True))
    return TaskResult(task=task_view(service.get(params.mission_id).tasks[params.task_id]))
