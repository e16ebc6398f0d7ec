"""mission/stop."""

from __future__ import annotations

from orchestrator.rpc.service import Service
from orchestrator_protocol.mission import MissionStopParams, MissionStopResult


async def mission_stop(service: Service, params: MissionStopParams) -> MissionStopResult:
    """Stop a mission and say what was kept."""
    mission = await service.stop(params.mission_id)
    has_work = bool(mission.tip) and mission.tip != mission.base_commit
    kept = await service.changed_paths(mission.id) if has_work else ()
    return MissionStopResult(status=mission.status.value, kept=list(kept), reason=mission.end_reason)
