"""What one client is told about missions: events while it keeps up, summaries always."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import anyio

from orchestrator.domain.events import EVENT_NAMES
from orchestrator.domain.mission import Mission
from orchestrator.domain.words import TaskStatus
from orchestrator.ports.journal import Recorded
from orchestrator.rpc.feed import Batch
from orchestrator.rpc.limits import DEFAULT, Limits
from orchestrator.rpc.mapping import counts
from orchestrator.rpc.outbox import Outbox
from orchestrator_protocol.capabilities import ShowCapabilities
from orchestrator_protocol.progress import EventsDropped, MissionProgress

log = logging.getLogger(__name__)
INTERVAL_S = 0.1
"""Between two summaries to one client, whatever missions they are about."""

Notify = Callable[[str, Any], None]


class Telling:
    """One client's share of the events.

    A client that leaves more than `event_bytes` unread gets summaries alone until it has read three quarters of that;
    then it is told which events it missed, and gets events again. Nobody waits for it meanwhile.
    """

    def __init__(
        self,
        outbox: Outbox,
        notify: Notify,
        mission_of: Callable[[str], Mission],
        show: ShowCapabilities,
        limits: Limits = DEFAULT,
    ) -> None:
        """`mission_of` answers the mission as it is now."""
        self._outbox = outbox
        self._notify = notify
        self._mission_of = mission_of
        self._show = show
        self._types = frozenset(show.event_types)
        self._limits = limits
        self._changed: dict[str, int] = {}
        self._wake = anyio.Event()
        self._told_seq = 0
        self._missed_seq = 0

    @property
    def is_behind(self) -> bool:
        """Whether it gets summaries instead of events."""
        return self._missed_seq > 0

    def take(self, batch: Batch) -> None:
        """Pass events on, or note that they are missed."""
        if self._show.events:
            self._pass_on(batch)
        if self._show.progress or self.is_behind:
            self._note(batch.recorded)

    def _pass_on(self, batch: Batch) -> None:
        frames = self._wanted(batch)
        if self.is_behind or self._outbox.size_bytes + len(frames) > self._limits.event_bytes:
            if not self.is_behind:
                self._told_seq = batch.recorded[0].seq - 1
                log.info("a client that reads slowly gets summaries after event %d", self._told_seq)
            self._missed_seq = batch.last_seq
            return
        if frames:
            self._outbox.put_frames(frames)

    def _wanted(self, batch: Batch) -> bytes:
        if not self._types:
            return batch.all_frames
        pairs = zip(batch.recorded, batch.frames, strict=True)
        return b"".join(data for item, data in pairs if EVENT_NAMES[type(item.event)] in self._types)

    def _note(self, recorded: list[Recorded]) -> None:
        for item in recorded:
            self._changed[item.mission_id] = item.seq
        self._wake.set()

    async def run(self) -> None:
        """Send summaries, and bring a client that was behind back to events, until cancelled."""
        while True:
            if not self._changed and not self.is_behind:
                self._wake = anyio.Event()
                await self._wake.wait()
            if self.is_behind and self._outbox.size_bytes <= self._limits.event_bytes // 4:
                self._notify(
                    "mission/eventsDropped", EventsDropped(after_seq=self._told_seq, last_seq=self._missed_seq)
                )
                self._missed_seq = 0
            elif self._changed and not self._outbox.is_crowded:
                mission_id = next(iter(self._changed))
                seq = self._changed.pop(mission_id)
                self._notify("mission/progress", summary(self._mission_of(mission_id), seq))
            await anyio.sleep(INTERVAL_S)


def summary(mission: Mission, last_seq: int) -> MissionProgress:
    """A mission in short."""
    running = sum(1 for task in mission.tasks.values() if task.status is TaskStatus.RUNNING)
    return MissionProgress(
        mission_id=mission.id,
        status=mission.status.value,
        counts=counts(mission),
        running_sessions=running,
        cost_usd=mission.budget.total().money_microusd / 1e6 or None,
        last_seq=last_seq,
    )
