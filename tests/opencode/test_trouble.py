"""What goes wrong: stops, storms, cut streams, stalls, a provider that is down, and kill -9 of everything there is."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import psutil
import pytest
from opencode_process import PLUGIN, OpenCode, configuration, running, until  # pyright: ignore[reportMissingImports] - beside this file
from striking import TROUBLES, Striking  # pyright: ignore[reportMissingImports] - as above
from worlds import World, configure, new_world, orchestrator  # pyright: ignore[reportMissingImports] - as above

from orchestrator.testing.provider import FakeProvider, Fault

STALL_S = 6.0


def test_stop_means_that_nothing_runs_any_more(shared: OpenCode, provider: FakeProvider, tmp_path: Path) -> None:
    world = new_world(shared, provider, tmp_path / "stopped", 10)
    world.model.command = "sleep 300.5"
    mission = world.start()
    until(lambda: len(running("300.5")) == 10, "the commands run")
    answer = world.command("cancel")
    assert f"Mission {mission} is stopped; nothing of it runs any more." in answer
    assert not running("300.5")
    assert not shared.busy(world.folder)
    calls = len(world.calls())
    assert "stopped" in world.status()
    assert len(world.calls()) == calls


def test_a_storm_of_refusals_is_overcome(shared: OpenCode, provider: FakeProvider, tmp_path: Path) -> None:
    world = new_world(shared, provider, tmp_path / "storm", 10)
    strike = world.model.strike = Striking({n: (Fault("rate_limit", retry_after_s=1), 1) for n in range(10)})
    assert "Sealed" in world.summary(world.start())
    assert len(strike.struck) == 10
    assert len(world.calls()) <= 2 + 10 * (3 + 2) + 2, "nobody asks again and again"


def test_cut_streams_failures_and_full_contexts_are_overcome(
    shared: OpenCode, provider: FakeProvider, tmp_path: Path
) -> None:
    world = new_world(shared, provider, tmp_path / "trouble", len(TROUBLES))
    strike = world.model.strike = Striking(TROUBLES)
    assert "Sealed" in world.summary(world.start())
    assert len(strike.struck) == len(TROUBLES)
    assert len(world.calls()) < 80
    told = [json.dumps(call) for call in world.calls()]
    assert "nowhere.py" not in "".join(told), "who reads a shortened history still has the task, word for word"
    assert [one for one in told if "history was shortened" in one]
    (summed_up,) = [one for one in told if "<conversation>" in one]
    assert "You do one task" not in summed_up, "OpenCode's own summary is made by its own words"


def test_a_quota_that_is_used_up_is_not_asked_for_again(
    shared: OpenCode, provider: FakeProvider, tmp_path: Path
) -> None:
    """OpenCode by itself would ask five times more. Once it is paid for, the mission is tried again and goes on."""
    world = new_world(shared, provider, tmp_path / "quota", 1)
    strike = world.model.strike = Striking({0: (Fault("quota"), 2)})
    mission = world.start()
    assert "exceeded your current quota" in world.summary(mission)
    assert strike.struck == {0: 1}
    assert len([call for call in world.calls() if "orc_edit_file" in str(call["tools"])]) == 2
    orchestrator(world, "retry", mission)
    until(lambda: "Sealed" in world.shown() or None, lambda: f"the mission is sealed:\n{world.shown()}")
    is_whole(world)


def test_a_provider_that_is_down_is_waited_for(shared: OpenCode, provider: FakeProvider, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = configuration(provider)["provider"]
    config["fake"]["options"]["baseURL"] = f"http://127.0.0.1:{port}/v1"
    world = new_world(shared, provider, tmp_path / "down", 1, {"provider": config})
    mission = world.start()
    until(lambda: "retry" in shared.states(world.folder), "OpenCode tries again")
    late = FakeProvider(world.model, port=port)
    late.start()
    try:
        assert "Sealed" in world.summary(mission)
    finally:
        late.stop()


def test_a_server_that_dies_at_once_is_started_ever_more_seldom(
    shared: OpenCode, provider: FakeProvider, tmp_path: Path
) -> None:
    world = new_world(shared, provider, tmp_path / "dying", 1)
    starts = tmp_path / "starts"
    dying = f"import sys, time; open({str(starts)!r}, 'a').write(f'{{time.time()}}\\n'); sys.exit('no room')"
    configure(world.folder, plugin=[[PLUGIN.as_uri(), {"command": [sys.executable, "-c", dying]}]])
    shared.reload(world.folder)
    assert "no room" in world.command("task", "mend")
    until(lambda: len(starts.read_text().splitlines()) >= 5, "it is started again")
    at = [float(line) for line in starts.read_text().splitlines()]
    assert [later - earlier > 0.25 * 2**n for n, (earlier, later) in enumerate(pairwise(at))] == [True] * (len(at) - 1)
    shared.reload(world.folder)
    assert world.calls() == []


def test_kill_9_of_the_server_loses_nothing(shared: OpenCode, provider: FakeProvider, tmp_path: Path) -> None:
    world = new_world(shared, provider, tmp_path / "server", 3)
    mission, servers = begun(world, "300.51")
    os.kill(servers[0], signal.SIGKILL)
    assert "Sealed" in world.summary(mission)
    assert shared.server_pids(world.folder) not in ([], servers)
    children = shared.children(world.folder, world.session)
    assert [child["agent"] for child in children].count("orc-worker") == 3, "the sessions lived on"
    is_whole(world)


@pytest.fixture
def own(provider: FakeProvider, tmp_path: Path) -> Iterator[OpenCode]:
    """An OpenCode of its own, to be killed."""
    (tmp_path / "home").mkdir()
    opencode = OpenCode(tmp_path / "home", configuration(provider))
    yield opencode
    opencode.stop()
    opencode.end_servers()


def test_kill_9_of_opencode_and_of_both_loses_nothing(own: OpenCode, provider: FakeProvider, tmp_path: Path) -> None:
    """Two workspaces at once. First OpenCode stalls for a while; then the one's server lives on, the other's dies."""
    one = new_world(own, provider, tmp_path / "one", 3)
    two = new_world(own, provider, tmp_path / "two", 3)
    (first, lives), (second, dies) = begun(one, "300.52"), begun(two, "300.53")
    stalled = psutil.Process(own.process.pid)
    stalled.suspend()
    time.sleep(STALL_S)
    stalled.resume()
    assert all(len(running(marker)) == 3 for marker in ("300.52", "300.53")), "a stall ends nothing"
    own.kill()
    os.kill(dies[0], signal.SIGKILL)
    two.model.command = "true"
    own.restart()
    for world, mission in ((one, first), (two, second)):
        own.shown(world.folder, world.session)
        assert "Sealed" in world.summary(mission)
        assert {child["parentID"] for child in own.children(world.folder, world.session)} == {world.session}
        is_whole(world)
    assert own.server_pids(one.folder) == lives
    assert own.server_pids(two.folder) not in ([], dies)
    assert not running("300.52")
    assert not running("300.53")


def begun(world: World, marker: str) -> tuple[str, list[int]]:
    """A mission whose three workers sleep for `marker` seconds, and its server."""
    world.model.command = f"sleep {marker}"
    world.provider.policy = world.model
    mission = world.start()
    until(lambda: len(running(marker)) == 3, "the commands run")
    return mission, world.opencode.server_pids(world.folder)


def is_whole(world: World) -> None:
    """The journal of the workspace is whole, and the work is there."""
    orchestrator(world, "audit")
    assert all("value * 2" in (world.folder / f"part{n}.py").read_text() for n in range(world.model.count))
