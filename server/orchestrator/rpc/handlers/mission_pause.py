"""mission/pause."""

from __future__ import annotations

from orchestrator.domain.commands import Pause
from orchestrator.rpc.peer import Peer
from orchestrator.rpc.service import Service
from orchestrator_protocol.mission import MissionHoldResult, MissionPauseParams


async def mission_pause(service: Service, params: MissionPauseParams, peer: Peer) -> MissionHoldResult:
    """Hold a mission."""
    await service.do(params.mission_id, Pause(peer.name, params.reason or f"{peer.name} paused it"))
    return MissionHoldResult(status=service.get(params.mission_id).standing.value)
