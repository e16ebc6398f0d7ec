"""Events of a service on their way to all clients: read once, encoded once, in order, each once, none missed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import anyio
import anyio.lowlevel
from anyio.streams.memory import MemoryObjectReceiveStream

from orchestrator.ports.journal import Recorded
from orchestrator.rpc import message
from orchestrator.rpc.io import frame
from orchestrator.rpc.mapping import event_view
from orchestrator.rpc.service import Service

log = logging.getLogger(__name__)
_PAGE = 500
_BATCH = 256


@dataclass(frozen=True, slots=True)
class Batch:
    """Events that go out together, and their bytes, each and all: encoded once, shared by the queues of all clients."""

    recorded: list[Recorded]
    frames: list[bytes]
    all_frames: bytes

    @property
    def last_seq(self) -> int:
        """The newest one's sequence number."""
        return self.recorded[-1].seq


Listener = Callable[[Batch], None]


class EventFeed:
    """One service's events for any number of listeners. A listener must neither wait nor raise."""

    def __init__(self, service: Service) -> None:
        """Subscribe at once, so that nothing that comes after this call is missed; `run` hands out."""
        self._service = service
        self._listeners: list[Listener] = []
        self._last_seq = 0
        self._subscription = service.subscribe()
        self._events = self._subscription.__enter__()
        self.has_ended = False

    @contextmanager
    def listening(self, listener: Listener) -> Generator[None]:
        """Tell `listener` while the context is open."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)

    async def run(self) -> None:
        """Hand events out until cancelled. A subscription that is lost is taken again, and the gap read in between."""
        try:
            while True:
                await self._hand_out(self._events)
                self._subscription.__exit__(None, None, None)
                log.warning("events are catching up from the journal after event %d", self._last_seq)
                self._subscription = self._service.subscribe()
                self._events = self._subscription.__enter__()
                await self._catch_up()
        except Exception:
            log.exception("clients get no more events")
        finally:
            self.has_ended = True
            self._subscription.__exit__(None, None, None)

    async def _hand_out(self, events: MemoryObjectReceiveStream[Recorded]) -> None:
        async for first in events:
            batch = [first]
            try:
                while len(batch) < _BATCH:
                    batch.append(events.receive_nowait())
            except (anyio.WouldBlock, anyio.EndOfStream):
                pass
            self._tell(batch)
            await anyio.lowlevel.checkpoint()

    async def _catch_up(self) -> None:
        if not self._last_seq:
            return
        while missed := await self._service.events(mission_id="", after_seq=self._last_seq, limit=_PAGE):
            self._tell(missed)

    def _tell(self, recorded: Sequence[Recorded]) -> None:
        new = [item for item in recorded if item.seq > self._last_seq]
        if not new:
            return
        self._last_seq = new[-1].seq
        if self._listeners:
            frames = [frame(message.encode_call("mission/event", event_view(item))) for item in new]
            batch = Batch(new, frames, b"".join(frames))
            for listener in tuple(self._listeners):
                listener(batch)
