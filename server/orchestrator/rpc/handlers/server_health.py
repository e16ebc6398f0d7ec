"""server/health."""

from __future__ import annotations

import os
from collections import Counter

from orchestrator import __version__
from orchestrator.rpc.connections import memory_bytes
from orchestrator.rpc.peer import Peer
from orchestrator.rpc.service import Service
from orchestrator_protocol import PROTOCOL_VERSION
from orchestrator_protocol.server import ClientHealth, ServerHealthParams, ServerHealthResult


async def server_health(service: Service, _params: ServerHealthParams, peer: Peer) -> ServerHealthResult:
    """How the server is, seen from one of its clients."""
    connections = peer.connections
    missions = Counter(mission.status.value for mission in service.missions())
    return ServerHealthResult(
        version=__version__,
        protocol_version=PROTOCOL_VERSION,
        pid=os.getpid(),
        workspace=peer.workspace,
        is_shared=connections.is_shared,
        uptime_s=round(connections.uptime_s, 3),
        memory_bytes=memory_bytes(),
        missions=dict(missions),
        waiting_missions=missions["queued"],
        clients=[
            ClientHealth(
                client_id=other.id,
                name=other.name,
                pending_requests=other.pending_requests,
                outgoing_bytes=other.outgoing_bytes,
                is_behind=other.is_behind,
            )
            for other in connections.peers.values()
        ],
    )
