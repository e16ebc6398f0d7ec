"""mission/retry."""

from __future__ import annotations

from orchestrator.rpc.peer import Peer
from orchestrator.rpc.service import Service
from orchestrator_protocol.mission import MissionHoldResult, MissionRetryParams


async def mission_retry(service: Service, params: MissionRetryParams, peer: Peer) -> MissionHoldResult:
    """Try an ended mission again."""
    mission = await service.retry(params.mission_id, peer.name)
    return MissionHoldResult(status=mission.standing.value)
