"""mission/list."""

from __future__ import annotations

from orchestrator.rpc.mapping import summary_view
from orchestrator.rpc.service import Service
from orchestrator_protocol.mission import MissionListParams, MissionListResult


async def mission_list(service: Service, _params: MissionListParams) -> MissionListResult:
    """The newest missions in short."""
    return MissionListResult(missions=[summary_view(mission) for mission in await service.listed()])
