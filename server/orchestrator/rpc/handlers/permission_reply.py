"""permission/reply."""

from __future__ import annotations

from orchestrator.domain.commands import AnswerQuestion
from orchestrator.domain.words import Answer
from orchestrator.rpc.peer import Peer
from orchestrator.rpc.service import Service
from orchestrator_protocol.permission import PermissionReplyParams, PermissionReplyResult


async def permission_reply(service: Service, params: PermissionReplyParams, peer: Peer) -> PermissionReplyResult:
    """Answer a question; the first answer counts."""
    answer = AnswerQuestion(params.question_id, Answer(params.answer), peer.name, params.text)
    await service.do(params.mission_id, answer)
    return PermissionReplyResult(answer=params.answer, by=peer.name)
