"""Events from the service to one client: in order, each once, none missed."""

from __future__ import annotations

import logging
from collections.abc import Callable

from orchestrator.ports.journal import Recorded
from orchestrator.rpc.mapping import event_view
from orchestrator.rpc.outbox import Outbox
from orchestrator.rpc.service import Service
from orchestrator_protocol.event import MissionEvent

log = logging.getLogger(__name__)
_PAGE = 500

Push = Callable[[Recorded, MissionEvent], None]


async def pump(service: Service, outbox: Outbox, push: Push) -> None:
    """Push every event from now on until cancelled.

    While the client is slow nothing is pushed; the subscription is lost at some point, and what was missed is read from
    the journal instead. Memory stays bounded and the other clients notice nothing.
    """
    last_seq = 0

    async def forward(recorded: Recorded) -> None:
        nonlocal last_seq
        if recorded.seq <= last_seq:
            return
        await outbox.wait_for_room()
        last_seq = recorded.seq
        push(recorded, event_view(recorded))

    while not outbox.closed_reason:
        with service.subscribe() as events:
            while last_seq and (missed := await service.events(mission_id="", after_seq=last_seq, limit=_PAGE)):
                for recorded in missed:
                    await forward(recorded)
            async for recorded in events:
                await forward(recorded)
        log.info("a slow client lost its subscription after event %d and catches up", last_seq)
