"""mission/undo."""

from __future__ import annotations

from orchestrator.rpc.peer import Peer
from orchestrator.rpc.service import Service
from orchestrator_protocol.mission import MissionUndoParams, MissionUndoResult


async def mission_undo(service: Service, params: MissionUndoParams, peer: Peer) -> MissionUndoResult:
    """Take work back."""
    paths = await service.undo(params.mission_id, params.task_id, peer.name)
    return MissionUndoResult(paths=list(paths))
