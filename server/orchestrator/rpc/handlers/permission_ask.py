"""permission/ask."""

from __future__ import annotations

from orchestrator.rpc.peer import Peer
from orchestrator.rpc.service import Service
from orchestrator_protocol.permission import PermissionAskParams, PermissionAskResult


async def permission_ask(service: Service, params: PermissionAskParams, peer: Peer) -> PermissionAskResult:
    """Ask every client that can approve; the reply comes with the first answer."""
    said = await service.hosted.ask(peer.id, params.session_id, params.subject, params.text)
    return PermissionAskResult(answer=said.answer.value, by=said.by, text=said.text)
