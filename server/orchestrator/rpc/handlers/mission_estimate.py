"""mission/estimate."""

from __future__ import annotations

from orchestrator.rpc.service import Service
from orchestrator_protocol.mission import MissionEstimateParams, MissionEstimateResult

_MICRO = 1_000_000


async def mission_estimate(service: Service, params: MissionEstimateParams) -> MissionEstimateResult:
    """What a mission is likely to need."""
    estimate = service.estimate(params.mission_id, params.host)
    low, high = estimate.money_microusd
    return MissionEstimateResult(
        based_on=estimate.based_on,
        sessions=estimate.sessions,
        tokens=estimate.tokens,
        money_usd=(low / _MICRO, high / _MICRO) if high else None,
        duration_s=estimate.duration_s,
    )
