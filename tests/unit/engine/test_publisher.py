"""Subscribers get every event once, in order, and a slow one never holds others up."""

from __future__ import annotations

import anyio
import pytest

from orchestrator.domain.events import IterationStarted
from orchestrator.engine.publisher import BUFFER_EVENTS, Publisher
from orchestrator.ports.journal import Recorded

pytestmark = pytest.mark.anyio


def recorded(seq: int) -> Recorded:
    return Recorded(seq, "m-1", 0.0, IterationStarted(seq))


async def test_events_that_wake_out_of_order_are_put_right() -> None:
    publisher = Publisher(last_seq=4)
    with publisher.subscribe() as stream:
        publisher.publish([recorded(6)])
        publisher.publish([recorded(7), recorded(8)])
        with pytest.raises(anyio.WouldBlock):
            stream.receive_nowait()
        publisher.publish([recorded(5)])
        assert [stream.receive_nowait().seq for _ in range(4)] == [5, 6, 7, 8]


async def test_a_slow_subscriber_loses_its_stream_and_others_go_on() -> None:
    publisher = Publisher(last_seq=0)
    with publisher.subscribe() as slow, publisher.subscribe() as quick:
        for seq in range(1, BUFFER_EVENTS + 2):
            publisher.publish([recorded(seq)])
            assert quick.receive_nowait().seq == seq
        received = [event.seq async for event in slow]
    assert received == list(range(1, BUFFER_EVENTS + 1))
