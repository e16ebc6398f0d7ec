"""mission/status."""

from __future__ import annotations

from orchestrator.rpc.mapping import status_view
from orchestrator.rpc.service import Service
from orchestrator_protocol.mission import MissionStatusParams, MissionStatusResult


async def mission_status(service: Service, params: MissionStatusParams) -> MissionStatusResult:
    """All that is known of a mission."""
    return status_view(service.get(params.mission_id))
