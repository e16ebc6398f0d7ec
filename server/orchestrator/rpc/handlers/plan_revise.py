"""plan/revise."""

from __future__ import annotations

from orchestrator.domain.commands import RevisePlan
from orchestrator.domain.revision import EditKind, PlanEdit
from orchestrator.rpc.peer import Peer
from orchestrator.rpc.service import Service
from orchestrator_protocol.plan import PlanEditParams, PlanReviseParams, PlanReviseResult


async def plan_revise(service: Service, params: PlanReviseParams, peer: Peer) -> PlanReviseResult:
    """Change a plan by hand, against the version that was seen."""
    edits = tuple(_edit(edit) for edit in params.edits)
    await service.do(params.mission_id, RevisePlan(params.version, peer.name, edits))
    return PlanReviseResult(version=params.version + 1)


def _edit(edit: PlanEditParams) -> PlanEdit:
    return PlanEdit(
        EditKind(edit.kind),
        edit.task_id,
        title=edit.title,
        write_set=tuple(edit.write_set),
        depends_on=tuple(edit.depends_on),
        instructions=edit.instructions,
        after_id=edit.after_id,
        group_id=edit.group_id,
    )
