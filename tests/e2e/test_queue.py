"""A second mission while one runs: it queues, and says so; where another kind of server owns the workspace it waits."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from harness import Plan, Running, orchestrator, write

from orchestrator.cli.following import SERVE
from orchestrator.client import connect
from orchestrator_protocol.mission import MissionListParams, MissionStartParams, MissionStatusParams, MissionStopParams

pytestmark = pytest.mark.anyio


def host(folder: Path, name: str, duration_s: float) -> str:
    """A host that writes one file after a while."""
    work = write(f"{name}.py", "X = 1\n", duration_s=duration_s)
    return Plan().task(name, f"{name}.py", work=work).save(folder, f"{name}.json")


async def test_one_server_runs_them_one_after_another(checked: Path, tmp_path: Path) -> None:
    with anyio.fail_after(60):
        await _three_missions(checked, tmp_path)
    assert (checked / "one.py").exists()
    assert (checked / "two.py").exists()
    assert not (checked / "three.py").exists()


async def _three_missions(checked: Path, tmp_path: Path) -> None:
    async with connect(SERVE, cwd=tmp_path) as client:
        await client.initialize(checked)
        first = await client.request(MissionStartParams(text="first", host=host(tmp_path, "one", 0.5)))
        second = await client.request(MissionStartParams(text="second", host=host(tmp_path, "two", 0.1)))
        third = await client.request(MissionStartParams(text="third", host=host(tmp_path, "three", 0.1)))
        assert (first.queue_position, second.queue_position, third.queue_position) == (0, 1, 2)
        assert second.status == "queued"
        stopped = await client.request(MissionStopParams(mission_id=third.mission_id))
        assert stopped.status == "stopped"
        order: list[tuple[str, str]] = []
        async for event in client.notifications:
            if event.type in {"mission.started", "mission.sealed", "mission.delivered"}:
                order.append((event.mission_id, event.type))
            if (event.mission_id, event.type) == (second.mission_id, "mission.delivered"):
                break
        one, two = first.mission_id, second.mission_id
        assert order == [
            (one, "mission.started"),
            (one, "mission.sealed"),
            (one, "mission.delivered"),
            (two, "mission.started"),
            (two, "mission.sealed"),
            (two, "mission.delivered"),
        ]
        listed = (await client.request(MissionListParams())).missions
        assert [mission.status for mission in listed] == ["sealed", "sealed", "stopped"]
        status = await client.request(MissionStatusParams(mission_id=two))
        assert status.seal is not None


def test_a_second_command_line_queues_and_says_so(checked: Path, tmp_path: Path, start: Callable[..., Running]) -> None:
    first = start("run", "first", "-w", checked, "--host", host(tmp_path, "one", 4.0), "--json")
    first.wait_for("attempt.started")
    second = start("run", "second", "-w", checked, "--host", host(tmp_path, "two", 0.0), "--json")
    second.wait_for_words("queued: 1 missions run before this one")
    assert first.process.poll() is None
    assert first.end().code == 0
    done = second.end()
    assert done.code == 0, done.err
    assert (checked / "one.py").exists()
    assert (checked / "two.py").exists()
    assert {event["missionId"] for event in done.events} == {done.status["missionId"]}
    assert [row["status"] for row in orchestrator("status", "-w", checked, "--json").rows] == ["sealed", "sealed"]


def test_one_who_waits_can_leave(checked: Path, tmp_path: Path, start: Callable[..., Running]) -> None:
    first = start("run", "first", "-w", checked, "--host", host(tmp_path, "one", 60.0), "--json")
    first.wait_for("attempt.started")
    second = start("run", "second", "-w", checked, "--host", host(tmp_path, "two", 0.0), "--json")
    second.wait_for_words("queued")
    second.signal(signal.SIGINT)
    left = second.end(20)
    assert left.code == 130
    assert "Traceback" not in left.err
    assert first.process.poll() is None
    # What only reads works beside a running mission.
    status = orchestrator("status", "-w", checked, "--json").rows
    assert [(row["text"], row["status"]) for row in status] == [("first", "running"), ("second", "stopped")]
    assert orchestrator("audit", "-w", checked).code == 0
    first.signal(signal.SIGINT)
    assert first.end(30).code == 130


async def test_one_who_waits_for_another_kind_of_server_says_so(
    checked: Path, tmp_path: Path, start: Callable[..., Running]
) -> None:
    async with connect([*SERVE, "--in-process"], cwd=tmp_path) as alone:
        await alone.initialize(checked)
        second = start("run", "second", "-w", checked, "--host", host(tmp_path, "two", 0.0), "--json")
        await anyio.to_thread.run_sync(second.wait_for_words, "waiting")
    done = await anyio.to_thread.run_sync(second.end)
    assert done.code == 0, done.err
    assert done.err.count("waiting") == 1
