"""task/log."""

from __future__ import annotations

from orchestrator.errors import OrchestratorError
from orchestrator.narration import detail
from orchestrator.ports.journal import Recorded
from orchestrator.rpc.mapping import event_view
from orchestrator.rpc.service import Service
from orchestrator_protocol.task import TaskLogEntry, TaskLogParams, TaskLogResult

_PAGE = 1_000


async def task_log(service: Service, params: TaskLogParams) -> TaskLogResult:
    """What happened to one task, as lines for a person."""
    if params.task_id not in service.get(params.mission_id).tasks:
        raise OrchestratorError("unknown_task", f"mission {params.mission_id} has no task {params.task_id!r}")
    entries: list[TaskLogEntry] = []
    last_seq = params.after_seq
    while len(entries) < params.limit:
        page = await service.events(mission_id=params.mission_id, after_seq=last_seq, limit=_PAGE)
        for recorded in page:
            last_seq = recorded.seq
            if _is_about(recorded, params.task_id):
                entries.append(_entry(recorded))
            if len(entries) == params.limit:
                break
        if len(page) < _PAGE:
            break
    return TaskLogResult(entries=entries, last_seq=last_seq)


def _is_about(recorded: Recorded, task_id: str) -> bool:
    event = recorded.event
    question = getattr(event, "question", None)
    return getattr(event, "task_id", None) == task_id or getattr(question, "task_id", None) == task_id


def _entry(recorded: Recorded) -> TaskLogEntry:
    event = event_view(recorded)
    line = detail(event)
    return TaskLogEntry(seq=event.seq, at=event.at, type=event.type, text=line.text if line else event.type)
