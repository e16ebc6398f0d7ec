"""What goes wrong: stops, storms, cut streams, and kill -9 of the one, the other, and both."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from opencode_process import OpenCode, configuration, until, with_plugin  # pyright: ignore[reportMissingImports] - beside this file
from worlds import World, new_world  # pyright: ignore[reportMissingImports] - beside this file

from orchestrator.testing.provider import Answer, Call, Failure, FakeProvider, Fault, struck


def running(marker: str) -> list[psutil.Process]:
    """Processes with the marker among their arguments."""
    return [process for process in psutil.process_iter(["cmdline"]) if marker in (process.info["cmdline"] or [])]


def test_stop_means_that_nothing_runs_any_more(shared: OpenCode, provider: FakeProvider, tmp_path: Path) -> None:
    world = new_world(shared, provider, tmp_path / "stopped", 6)
    world.model.command = "sleep 300.5"
    mission = world.start()
    until(lambda: len(running("300.5")) >= 4, "the commands run")
    answer = world.command("stop")
    assert f"Mission {mission} is stopped; nothing of it runs any more." in answer
    assert not running("300.5")
    assert not shared.busy(world.folder)
    calls = len(world.calls())
    assert "stopped" in world.status()
    assert len(world.calls()) == calls


class Striking:
    """Strikes each conversation of a worker once, in its first or second turn."""

    def __init__(self, fault: Fault, turn: int) -> None:
        self.fault, self.turn = fault, turn
        self.struck: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, call: Call, answer: Answer) -> Answer | Failure:
        part = re.findall(r"part\d+: Mend", call.prompt)[:1]
        with self._lock:
            if "orc_edit_file" not in call.tools or call.turn != self.turn or self.struck[str(part)]:
                return answer
            self.struck[str(part)] += 1
        return struck(self.fault, call, answer)


@pytest.mark.parametrize(
    ("fault", "turn"),
    [
        (Fault("rate_limit", retry_after_s=1), 1),
        (Fault("cut"), 2),
        (Fault("server_error"), 1),
        (Fault("context_length"), 2),
    ],
    ids=lambda value: value.kind if isinstance(value, Fault) else str(value),
)
def test_trouble_with_the_provider_is_overcome(
    shared: OpenCode, provider: FakeProvider, tmp_path: Path, fault: Fault, turn: int
) -> None:
    world = new_world(shared, provider, tmp_path / "trouble", 4)
    strike = Striking(fault, turn)
    world.model.strike = strike
    assert "Sealed" in world.summary(world.start())
    assert sum(strike.struck.values()) >= 4
    assert len(world.calls()) < 60


@pytest.fixture
def own(provider: FakeProvider, tmp_path: Path) -> Iterator[World]:
    """An OpenCode of its own, to be killed."""
    (tmp_path / "home").mkdir()
    opencode = OpenCode(tmp_path / "home", configuration(provider, plugins=with_plugin()))
    yield new_world(opencode, provider, tmp_path / "workspace", 3)
    opencode.stop()
    opencode.end_servers()


@pytest.mark.parametrize("killed", ["server", "opencode", "both"])
def test_kill_9_loses_nothing(own: World, killed: str) -> None:
    own.model.command = "sleep 4.5"
    mission = own.start()
    until(lambda: len(running("4.5")) == 3, "the commands run")
    servers = own.opencode.server_pids()
    if killed in {"opencode", "both"}:
        own.opencode.kill()
    if killed in {"server", "both"}:
        os.kill(servers[0], signal.SIGKILL)
    own.model.command = "true"
    if killed in {"opencode", "both"}:
        own.opencode.restart()
        own.opencode.shown(own.folder, own.session)
    assert "Sealed" in own.summary(mission)
    children = own.opencode.children(own.folder, own.session)
    assert {child["parentID"] for child in children} == {own.session}
    assert (own.opencode.server_pids() != servers) == (killed in {"server", "both"})
