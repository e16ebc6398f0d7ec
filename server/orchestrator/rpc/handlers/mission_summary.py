"""mission/summary."""

from __future__ import annotations

from orchestrator.rpc.mapping import status_view
from orchestrator.rpc.service import Service
from orchestrator_protocol.mission import MissionSummaryParams, MissionSummaryResult


async def mission_summary(service: Service, params: MissionSummaryParams) -> MissionSummaryResult:
    """The story of a mission."""
    markdown = await service.summary(params.mission_id)
    page = await service.page(params.mission_id) if params.wants_page else ""
    return MissionSummaryResult(markdown=markdown, page=page, status=status_view(service.get(params.mission_id)))
