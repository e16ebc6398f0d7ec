"""task/resume."""

from __future__ import annotations

from orchestrator.domain.commands import HoldTask
from orchestrator.rpc.mapping import task_view
from orchestrator.rpc.peer import Peer
from orchestrator.rpc.service import Service
from orchestrator_protocol.task import TaskResult, TaskResumeParams


async def task_resume(service: Service, params: TaskResumeParams, peer: Peer) -> TaskResult:
    """Let a held task go on."""
    await service.do(params.mission_id, HoldTask(params.task_id, peer.name, is_held=False))
    return TaskResult(task=task_view(service.get(params.mission_id).tasks[params.task_id]))
