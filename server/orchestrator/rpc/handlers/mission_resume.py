"""mission/resume."""

from __future__ import annotations

from orchestrator.domain.commands import Resume
from orchestrator.rpc.peer import Peer
from orchestrator.rpc.service import Service
from orchestrator_protocol.mission import MissionHoldResult, MissionResumeParams


async def mission_resume(service: Service, params: MissionResumeParams, peer: Peer) -> MissionHoldResult:
    """Let a held mission go on."""
    await service.do(params.mission_id, Resume(peer.name))
    return MissionHoldResult(status=service.get(params.mission_id).standing.value)
