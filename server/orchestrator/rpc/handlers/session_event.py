"""session/event: how a hosted session goes."""

from __future__ import annotations

from orchestrator.domain.words import FailureKind
from orchestrator.ports.hosting import TurnEnded
from orchestrator.rpc.peer import Peer
from orchestrator.rpc.service import Service
from orchestrator_protocol.session import SessionEvent


def session_event(service: Service, event: SessionEvent, peer: Peer) -> None:
    """Tell the session that its turn has ended. "active" news only show that the client lives."""
    if event.type == "active":
        return
    failure = None
    if event.type == "failed":
        failure = FailureKind(event.failure or "unknown")
    service.hosted.ended(
        peer.id,
        event.session_id,
        TurnEnded(event.text, failure, event.retry_after_s, event.input_tokens, event.output_tokens),
    )
