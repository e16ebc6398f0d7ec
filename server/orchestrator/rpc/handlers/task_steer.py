"""task/steer."""

from __future__ import annotations

from orchestrator.domain.commands import Steer
from orchestrator.rpc.mapping import task_view
from orchestrator.rpc.peer import Peer
from orchestrator.rpc.service import Service
from orchestrator_protocol.task import TaskResult, TaskSteerParams


async def task_steer(service: Service, params: TaskSteerParams, peer: Peer) -> TaskResult:
    """Say something to whoever works on a task."""
    await service.do(params.mission_id, Steer(params.task_id, peer.name, params.text))
    return TaskResult(task=task_view(service.get(params.mission_id).tasks[params.task_id]))
