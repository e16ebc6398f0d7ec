"""mission/start."""

from __future__ import annotations

from orchestrator.domain.words import DeliveryMode
from orchestrator.rpc.service import Service
from orchestrator_protocol.mission import MissionStartParams, MissionStartResult


async def mission_start(service: Service, params: MissionStartParams) -> MissionStartResult:
    """Take a mission in."""
    from orchestrator.engine.service import StartRequest  # noqa: PLC0415 - the engine loads with the first mission

    mission, before = await service.start(
        StartRequest(
            text=params.text,
            host=params.host,
            delivery=DeliveryMode(params.delivery),
            is_trusted=params.trust,
            max_iterations=params.max_iterations,
        )
    )
    return MissionStartResult(mission_id=mission.id, status=mission.status.value, queue_position=before)
