"""plan/approve."""

from __future__ import annotations

from orchestrator.domain.commands import AnswerQuestion
from orchestrator.domain.words import Answer
from orchestrator.rpc.peer import Peer
from orchestrator.rpc.service import Service
from orchestrator_protocol.plan import PlanApproveParams, PlanApproveResult


async def plan_approve(service: Service, params: PlanApproveParams, peer: Peer) -> PlanApproveResult:
    """Approve or refuse the plan that the client saw."""
    command = AnswerQuestion(
        service.plan_question(params.mission_id, params.version),
        Answer.ALLOW if params.is_approved else Answer.DENY,
        peer.name,
        params.text,
    )
    await service.do(params.mission_id, command)
    return PlanApproveResult(is_approved=params.is_approved, by=peer.name)
