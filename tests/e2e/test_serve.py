"""The shared server over stdio, as an editor drives it: lists, states, events from a sequence number, diffs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from harness import Plan, write

from orchestrator.cli.following import SERVE
from orchestrator.client import Client, RemoteError, connect
from orchestrator_protocol.event import MissionEvent, MissionEventsParams
from orchestrator_protocol.mission import (
    MissionDeliverParams,
    MissionDiffParams,
    MissionListParams,
    MissionStartParams,
    MissionStatusParams,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(checked: Path, tmp_path: Path) -> AsyncIterator[Client]:
    async with connect(SERVE, cwd=tmp_path) as made:
        await made.initialize(checked)
        yield made


@pytest.fixture
def host(tmp_path: Path) -> str:
    """Two tasks, one after the other."""
    plan = Plan().task("t1", "one.py", work=write("one.py", "ONE = 1\n"))
    return plan.task("t2", "two.py", work=write("two.py", "TWO = 2\n"), depends_on=["t1"]).save(tmp_path)


async def run(client: Client, host: str) -> tuple[str, list[MissionEvent]]:
    """Run a mission to its end; its id and the events that came as notifications."""
    started = await client.request(MissionStartParams(text="two files", host=host, delivery="patch"))
    events: list[MissionEvent] = []
    async for event in client.notifications:
        events.append(event)
        if event.type in {"mission.delivered", "mission.ended"}:
            break
    return started.mission_id, events


async def test_a_mission_from_an_editor(client: Client, host: str, checked: Path) -> None:
    mission_id, pushed = await run(client, host)

    listed = (await client.request(MissionListParams())).missions
    assert [(item.mission_id, item.status, item.text) for item in listed] == [(mission_id, "sealed", "two files")]
    status = await client.request(MissionStatusParams(mission_id=mission_id))
    assert (status.counts.total, status.counts.done, status.is_delivered) == (2, 2, True)
    assert status.delivered_place.endswith(".patch")

    whole = (await client.request(MissionDiffParams(mission_id=mission_id))).diff
    part = (await client.request(MissionDiffParams(mission_id=mission_id, task_id="t2"))).diff
    assert "+ONE = 1" in whole
    assert "+TWO = 2" in whole
    assert "+TWO = 2" in part
    assert "ONE" not in part
    with pytest.raises(RemoteError, match="no task 't9'") as refused:
        await client.request(MissionDiffParams(mission_id=mission_id, task_id="t9"))
    assert refused.value.code == "unknown_task"

    assert [event.seq for event in pushed] == list(range(1, len(pushed) + 1))
    delivered = await client.request(MissionDeliverParams(mission_id=mission_id))
    assert set(delivered.paths) == {"one.py", "two.py"}
    assert (checked / "two.py").read_text() == "TWO = 2\n"


async def test_events_have_no_gap_and_no_duplicate(client: Client, host: str) -> None:
    mission_id, pushed = await run(client, host)
    read: list[MissionEvent] = []
    last_seq = 0
    while page := (await client.request(MissionEventsParams(after_seq=last_seq, limit=7))).events:
        assert len(page) <= 7
        read.extend(page)
        last_seq = page[-1].seq
    assert read == pushed
    later = await client.request(MissionEventsParams(mission_id=mission_id, after_seq=pushed[4].seq))
    assert later.events == pushed[5:]
    assert (await client.request(MissionEventsParams(after_seq=10_000))).events == []


async def test_a_later_server_tells_the_same_story(checked: Path, tmp_path: Path, host: str) -> None:
    async with connect(SERVE, cwd=tmp_path) as first:
        await first.initialize(checked)
        mission_id, pushed = await run(first, host)
        before = await first.request(MissionStatusParams(mission_id=mission_id))
    async with connect(SERVE, cwd=tmp_path) as second:
        await second.initialize(checked)
        assert await second.request(MissionStatusParams(mission_id=mission_id)) == before
        assert (await second.request(MissionEventsParams())).events == pushed


async def test_a_second_client_shares_the_server(client: Client, checked: Path, tmp_path: Path, host: str) -> None:
    async with connect(SERVE, cwd=tmp_path) as second:
        answer = await second.initialize(checked)
        assert answer["capabilities"]["experimental"]["orchestrator"]["isShared"]
        mission_id, pushed = await run(client, host)
        (listed,) = (await second.request(MissionListParams())).missions
        assert listed.mission_id == mission_id
        assert [event async for event in upto(second, len(pushed))] == pushed


async def upto(client: Client, count: int) -> AsyncIterator[MissionEvent]:
    """The first events of all."""
    async for event in client.follow():
        yield event
        if event.seq == count:
            return


async def test_a_server_for_one_client_is_refused_beside_the_shared_one(
    client: Client, checked: Path, tmp_path: Path
) -> None:
    async with connect([*SERVE, "--in-process"], cwd=tmp_path) as second:
        with pytest.raises(RemoteError) as refused:
            await second.initialize(checked)
    assert refused.value.code == "journal_locked"
    assert (await client.request(MissionListParams())).missions == []


async def test_the_shared_server_is_refused_beside_one_for_one_client(checked: Path, tmp_path: Path) -> None:
    async with connect([*SERVE, "--in-process"], cwd=tmp_path) as first:
        await first.initialize(checked)
        async with connect(SERVE, cwd=tmp_path) as second:
            with pytest.raises(RemoteError) as refused:
                await second.initialize(checked)
        assert refused.value.code == "journal_locked"
        assert (await first.request(MissionListParams())).missions == []
