"""Missions that outlive their server: taken up again, from the last checkpoint, and nothing done twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import anyio

from orchestrator.app import open_missions
from orchestrator.domain.commands import Resume
from orchestrator.domain.events import (
    AttemptCommitted,
    AttemptIntegrated,
    AttemptInterrupted,
    AttemptStarted,
    MissionDelivered,
    MissionSealed,
    MissionTakenUp,
    SnapshotTaken,
)
from orchestrator.domain.mission import Mission
from orchestrator.domain.words import FailureKind, MissionStatus, TaskStatus
from orchestrator.engine.service import MissionService
from orchestrator.ports.journal import Recorded
from orchestrator.testing.builders import make_task
from orchestrator.testing.virtual_time import run_virtual

from .conftest import Player


async def until(happened: Callable[[], bool]) -> None:
    with anyio.fail_after(20_000):
        while not happened():  # noqa: ASYNC110 - virtual time
            await anyio.sleep(1)


async def ended(service: MissionService, mission: Mission) -> list[Recorded]:
    """All events of the mission, once it has ended and been delivered or not."""
    await until(lambda: mission.status.is_terminal and not service.is_busy)
    return await service.events(mission_id=mission.id, after_seq=0, limit=1_000)


def of(recorded: list[Recorded], kind: type) -> list[Any]:
    return [item.event for item in recorded if isinstance(item.event, kind)]


def play_until(player: Player, happened: Callable[[Mission], bool]) -> str:
    """Start a mission and let the server go as soon as something holds; the mission's id."""

    async def run() -> str:
        async with open_missions(player.workspace) as service:
            mission, _ = await service.start(player.request())
            await until(lambda: happened(mission))
            return mission.id

    return run_virtual(run)


def go_on(
    player: Player, mission_id: str, then: Callable[[MissionService, Mission], Awaitable[list[Recorded]]] = ended
) -> tuple[Mission, list[Recorded]]:
    async def run() -> tuple[Mission, list[Recorded]]:
        async with open_missions(player.workspace) as service:
            mission = service.get(mission_id)
            return mission, await then(service, mission)

    return run_virtual(run)


def test_a_mission_goes_on_where_it_was(player: Player) -> None:
    player.write_script([make_task("a"), make_task("b", depends_on=["a"])], duration_s=100.0)
    mission_id = play_until(player, lambda m: "b" in m.leases)
    mission, recorded = go_on(player, mission_id)
    assert mission.status is MissionStatus.UNVERIFIED
    assert len(of(recorded, SnapshotTaken)) == 1
    assert [event.task_id for event in of(recorded, AttemptStarted)] == ["a", "b", "b"]
    assert [event.task_id for event in of(recorded, AttemptIntegrated)] == ["a", "b"]
    interrupted = of(recorded, AttemptInterrupted)[0]
    assert (interrupted.task_id, interrupted.failure) == ("b", FailureKind.INTERRUPTED)
    assert of(recorded, MissionTakenUp)[0].interrupted == (interrupted.attempt_id,)


def test_a_mission_that_was_planning_plans_again(player: Player) -> None:
    player.write_script([make_task("a")], duration_s=100.0)
    mission_id = play_until(player, lambda m: bool(m.base_commit))
    mission, recorded = go_on(player, mission_id)
    assert mission.status is MissionStatus.UNVERIFIED
    assert [event.task_id for event in of(recorded, AttemptIntegrated)] == ["a"]


def test_queued_missions_keep_their_order(player: Player) -> None:
    player.write_script([make_task("a")], duration_s=100.0)

    async def start() -> list[str]:
        async with open_missions(player.workspace) as service:
            return [(await service.start(player.request(text)))[0].id for text in ("one", "two", "three")]

    async def finish() -> list[str]:
        async with open_missions(player.workspace) as service:
            await until(lambda: all(mission.status.is_terminal for mission in service.missions()))
            events = await service.events(mission_id="", after_seq=0, limit=1_000)
            return [item.mission_id for item in events if isinstance(item.event, SnapshotTaken)]

    ids = run_virtual(start)
    assert run_virtual(finish) == ids


def test_work_that_was_committed_is_not_done_again(player: Player) -> None:
    """The session is what costs money: after an interruption at the gates its commit goes on, no session is opened."""
    player.write_script([make_task("a")], duration_s=100.0)
    (player.workspace / ".opencode").mkdir()
    config = '{"checks": [{"name": "slow", "command": "sleep 5", "when": "attempt"}]}'
    (player.workspace / ".opencode" / "orchestrator.jsonc").write_text(config)
    mission_id = play_until(player, lambda m: "a" in m.tasks and bool(m.tasks["a"].checkpoint))
    behaviour = {"a": {"worker": [{"faults": [{"kind": "crashed", "times": 99}]}]}}
    player.write_script([make_task("a")], duration_s=100.0, behaviours=behaviour)
    mission, recorded = go_on(player, mission_id)
    assert [event.task_id for event in of(recorded, AttemptIntegrated)] == ["a"]
    assert len(of(recorded, AttemptCommitted)) == 2
    assert mission.tasks["a"].status is TaskStatus.DONE
    assert mission.recovered_count == 0


def test_a_seal_that_nobody_delivered_is_delivered(player: Player) -> None:
    player.write_script([make_task("a", write_set=["a.py"])], duration_s=10.0)
    (player.workspace / ".opencode").mkdir()
    config = '{"checks": [{"name": "compiles", "command": "python3 -m py_compile a.py"}]}'
    (player.workspace / ".opencode" / "orchestrator.jsonc").write_text(config)
    behaviour = {"a": {"worker": [{"actions": [{"write": {"path": "a.py", "content": "x = 1\n"}}]}]}}
    player.write_script([make_task("a", write_set=["a.py"])], duration_s=10.0, behaviours=behaviour)
    mission_id = play_until(player, lambda m: m.status is MissionStatus.SEALED)
    mission, recorded = go_on(player, mission_id)
    assert len(of(recorded, MissionSealed)) == 1
    assert len(of(recorded, MissionDelivered)) == 1
    assert mission.is_delivered
    assert (player.workspace / "a.py").read_text() == "x = 1\n"
    again, events = go_on(player, mission_id)
    assert len(of(events, MissionDelivered)) == 1
    assert again.is_delivered


def test_a_host_that_is_gone_holds_the_mission_until_somebody_resumes_it(player: Player) -> None:
    player.write_script([make_task("a")], duration_s=100.0)
    mission_id = play_until(player, lambda m: "a" in m.leases)
    script = player.script.read_text()
    player.script.unlink()

    async def resume(service: MissionService, mission: Mission) -> list[Recorded]:
        await until(lambda: mission.is_paused)
        assert mission.standing is MissionStatus.WAITING
        assert "host can't be opened" in mission.pause_reason
        player.script.write_text(script)
        await service.do(mission_id, Resume("me"))
        return await ended(service, mission)

    mission, recorded = go_on(player, mission_id, resume)
    assert mission.status is MissionStatus.UNVERIFIED
    assert of(recorded, AttemptIntegrated)


def test_the_same_key_starts_one_mission(player: Player) -> None:
    player.write_script([make_task("a")], duration_s=10.0)

    async def twice() -> int:
        async with open_missions(player.workspace) as service:
            request = replace(player.request(), key="once")
            first, _ = await service.start(request)
            second, _ = await service.start(request)
            assert first.id == second.id
        async with open_missions(player.workspace) as service:
            third, _ = await service.start(request)
            assert third.id == first.id
            return len(service.missions())

    assert run_virtual(twice) == 1
