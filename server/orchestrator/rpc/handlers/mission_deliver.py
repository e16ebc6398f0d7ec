"""mission/deliver."""

from __future__ import annotations

from orchestrator.domain.words import DeliveryMode
from orchestrator.rpc.service import Service
from orchestrator_protocol.mission import MissionDeliverParams, MissionDeliverResult


async def mission_deliver(service: Service, params: MissionDeliverParams) -> MissionDeliverResult:
    """Bring the work to the user."""
    delivery = await service.deliver(params.mission_id, DeliveryMode(params.delivery))
    return MissionDeliverResult(
        delivery=delivery.mode.value,
        place=delivery.place,
        paths=list(delivery.paths),
        kept_back=list(delivery.kept_back),
        detail=delivery.detail,
    )
