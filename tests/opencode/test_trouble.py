"""What goes wrong: stops, storms, cut streams, a provider that is down, and kill -9 of the one, the other, and both."""

from __future__ import annotations

import os
import re
import signal
import socket
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import pytest
from opencode_process import OpenCode, configuration, until  # pyright: ignore[reportMissingImports] - beside this file
from worlds import World, new_world  # pyright: ignore[reportMissingImports] - beside this file

from orchestrator.testing.provider import Answer, Call, Failure, FakeProvider, Fault, struck


def running(marker: str) -> list[psutil.Process]:
    """Processes with the marker among their arguments."""
    return [process for process in psutil.process_iter(["cmdline"]) if marker in (process.info["cmdline"] or [])]


def test_stop_means_that_nothing_runs_any_more(shared: OpenCode, provider: FakeProvider, tmp_path: Path) -> None:
    world = new_world(shared, provider, tmp_path / "stopped", 10)
    world.model.command = "sleep 300.5"
    mission = world.start()
    until(lambda: len(running("300.5")) >= 8, "the commands run")
    answer = world.command("stop")
    assert f"Mission {mission} is stopped; nothing of it runs any more." in answer
    assert not running("300.5")
    assert not shared.busy(world.folder)
    calls = len(world.calls())
    assert "stopped" in world.status()
    assert len(world.calls()) == calls


class Striking:
    """Strikes each worker's conversation in one turn, once: by the number of its part."""

    def __init__(self, faults: Mapping[int, tuple[Fault, int]]) -> None:
        self.faults = faults
        self.struck: Counter[int] = Counter()
        self._lock = threading.Lock()

    def __call__(self, call: Call, answer: Answer) -> Answer | Failure:
        part = re.search(r"part(\d+): Mend", call.prompt)
        if "orc_edit_file" not in call.tools or not part:
            return answer
        fault, turn = self.faults[int(part[1])]
        with self._lock:
            if call.turn != turn or self.struck[int(part[1])]:
                return answer
            self.struck[int(part[1])] += 1
        return struck(fault, call, answer)


def test_a_storm_of_refusals_is_overcome(shared: OpenCode, provider: FakeProvider, tmp_path: Path) -> None:
    world = new_world(shared, provider, tmp_path / "storm", 10)
    strike = world.model.strike = Striking({n: (Fault("rate_limit", retry_after_s=1), 1) for n in range(10)})
    assert "Sealed" in world.summary(world.start())
    assert len(strike.struck) == 10
    assert len(world.calls()) <= 2 + 10 * (3 + 2) + 2, "nobody asks again and again"


def test_cut_streams_failures_and_full_contexts_are_overcome(
    shared: OpenCode, provider: FakeProvider, tmp_path: Path
) -> None:
    faults = {0: (Fault("cut"), 2), 1: (Fault("cut"), 1), 2: (Fault("server_error"), 1), 3: (Fault("server_error"), 2)}
    faults |= {4: (Fault("context_length"), 2), 5: (Fault("quota"), 2)}
    world = new_world(shared, provider, tmp_path / "trouble", 5)
    strike = world.model.strike = Striking(faults)
    assert "Sealed" in world.summary(world.start())
    assert len(strike.struck) == 5
    assert len(world.calls()) < 60


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


def test_kill_9_of_the_server_loses_nothing(shared: OpenCode, provider: FakeProvider, tmp_path: Path) -> None:
    world = new_world(shared, provider, tmp_path / "server", 3)
    mission, servers = begun(world, "4.5")
    os.kill(servers[0], signal.SIGKILL)
    assert "Sealed" in world.summary(mission)
    assert shared.server_pids(world.folder) not in ([], servers)
    children = shared.children(world.folder, world.session)
    assert [child["agent"] for child in children].count("orc-worker") == 3, "the sessions lived on"


@pytest.fixture
def own(provider: FakeProvider, tmp_path: Path) -> Iterator[OpenCode]:
    """An OpenCode of its own, to be killed."""
    (tmp_path / "home").mkdir()
    opencode = OpenCode(tmp_path / "home", configuration(provider))
    yield opencode
    opencode.stop()
    opencode.end_servers()


def test_kill_9_of_opencode_and_of_both_loses_nothing(own: OpenCode, provider: FakeProvider, tmp_path: Path) -> None:
    """Two workspaces at once: the one's server lives on, the other's is killed, too."""
    one = new_world(own, provider, tmp_path / "one", 3)
    two = new_world(own, provider, tmp_path / "two", 3)
    (first, lives), (second, dies) = begun(one, "4.51"), begun(two, "4.52")
    own.kill()
    os.kill(dies[0], signal.SIGKILL)
    two.model.command = "true"
    own.restart()
    for world, mission in ((one, first), (two, second)):
        own.shown(world.folder, world.session)
        assert "Sealed" in world.summary(mission)
        assert {child["parentID"] for child in own.children(world.folder, world.session)} == {world.session}
    assert own.server_pids(one.folder) == lives
    assert own.server_pids(two.folder) not in ([], dies)


def begun(world: World, marker: str) -> tuple[str, list[int]]:
    """A mission whose three workers sleep for `marker` seconds, and its server."""
    world.model.command = f"sleep {marker}"
    world.provider.policy = world.model
    mission = world.start()
    until(lambda: len(running(marker)) == 3, "the commands run")
    return mission, world.opencode.server_pids(world.folder)
