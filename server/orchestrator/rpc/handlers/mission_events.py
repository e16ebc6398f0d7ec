"""mission/events."""

from __future__ import annotations

from orchestrator.rpc.mapping import event_view
from orchestrator.rpc.service import Service
from orchestrator_protocol.event import MissionEvent, MissionEventsParams, MissionEventsResult

MAX_ANSWER_BYTES = 16 << 20
"""An answer is cut before it gets larger, but holds at least one event."""


async def mission_events(service: Service, params: MissionEventsParams) -> MissionEventsResult:
    """Events after a sequence number."""
    if params.mission_id:
        service.get(params.mission_id)
    recorded = await service.events(mission_id=params.mission_id, after_seq=params.after_seq, limit=params.limit)
    views: list[MissionEvent] = []
    left_bytes = MAX_ANSWER_BYTES
    for item in recorded:
        view = event_view(item)
        left_bytes -= len(view.__pydantic_serializer__.to_json(view))
        if left_bytes < 0 and views:
            break
        views.append(view)
    return MissionEventsResult(events=views, last_seq=views[-1].seq if views else params.after_seq)
