"""Slots grow with answers and shrink with refusals; a circuit opens and heals; a gate lets nobody storm."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import anyio
import pytest

from orchestrator.domain.words import FailureKind
from orchestrator.engine.breaker import CLOSE_AFTER, FIRST_PAUSE_S, OPEN_AFTER, Breaker
from orchestrator.engine.rate_gate import SPACING_S, RateGate
from orchestrator.engine.slots import CAP, FIRST, Lane, Traffic
from orchestrator.memory import memory_share
from orchestrator.testing.virtual_time import run_virtual


@dataclass
class MeteredHost:
    name: str = "model"
    is_metered: bool = True
    containment: str = "contained"


@dataclass
class PlainHost:
    name: str = "scripted"
    containment: str = "contained"


def test_a_metered_host_begins_with_few_and_grows_to_the_cap() -> None:
    lane = Traffic().lane(MeteredHost(), "p/m")  # pyright: ignore[reportArgumentType] - opens no session here
    assert lane.limit == FIRST
    for _ in range(100):
        lane.succeeded()
    assert lane.limit == CAP
    assert Traffic().lane(PlainHost(), "").limit == CAP  # pyright: ignore[reportArgumentType] - as above


def test_refusals_halve_once_a_round_and_stops_are_neutral() -> None:
    async def play() -> None:
        lane = Lane(limit=40)
        entered = await lane.enter()
        for _ in range(10):  # all began before the first refusal came
            lane.failed(FailureKind.RATE_LIMITED, entered)
        assert lane.limit == 20
        lane.withdrawn()
        lane.failed(FailureKind.MALFORMED, await lane.enter())
        assert lane.limit == 20
        for _ in range(20):
            lane.failed(FailureKind.RATE_LIMITED, await lane.enter())
        assert lane.limit == 1

    run_virtual(play)


def test_sessions_that_are_lost_together_are_one_failure() -> None:
    """A client that hosts ten is killed: the next one is asked at once. Failing again and again still opens."""

    async def play() -> None:
        lane = Lane(limit=10)
        entered = await lane.enter()
        for _ in range(10):
            lane.failed(FailureKind.CRASHED, entered)
        assert (lane.breaker.is_closed, lane.limit) == (True, 5)
        for _ in range(OPEN_AFTER - 1):
            lane.failed(FailureKind.CRASHED, await lane.enter())
        assert not lane.breaker.is_closed

    run_virtual(play)


def test_lanes_of_one_provider_share_its_gate() -> None:
    traffic = Traffic()
    one, two, other = (
        traffic.lane(MeteredHost(), model)  # pyright: ignore[reportArgumentType] - opens no session here
        for model in ("p/a", "p/b", "q/a")
    )
    assert one.gate is two.gate
    assert one.gate is not other.gate
    assert one.breaker is not two.breaker
    assert traffic.lane(MeteredHost(), "p/a") is one  # pyright: ignore[reportArgumentType] - as above


def test_the_circuit_opens_probes_and_closes() -> None:
    async def play() -> None:
        breaker = Breaker()
        for _ in range(OPEN_AFTER):
            assert breaker.is_closed
            await breaker.passable()
            breaker.failed()
        assert not breaker.is_closed
        passed: list[float] = []

        async def ask() -> None:
            await breaker.passable()
            passed.append(anyio.current_time())
            await anyio.sleep(1)
            breaker.succeeded()

        async with anyio.create_task_group() as group:
            for _ in range(4):
                group.start_soon(ask)
        assert passed[0] == pytest.approx(FIRST_PAUSE_S)
        assert passed[1] == pytest.approx(FIRST_PAUSE_S + 1)  # one probe at a time
        assert passed[CLOSE_AFTER] == passed[-1]  # then all
        assert breaker.is_closed

    run_virtual(play)


def test_a_probe_that_fails_doubles_the_pause_and_one_that_is_stopped_frees_its_place() -> None:
    async def play() -> None:
        breaker = Breaker()
        for _ in range(OPEN_AFTER):
            breaker.failed()
        await breaker.passable()
        breaker.failed()
        begin = anyio.current_time()
        await breaker.passable()
        assert anyio.current_time() - begin == pytest.approx(2 * FIRST_PAUSE_S)
        breaker.withdrawn()
        with anyio.fail_after(1):
            await breaker.passable()

    run_virtual(play)


def test_after_a_wait_sessions_pass_one_after_another() -> None:
    async def play() -> None:
        gate = RateGate()
        gate.hold(10)
        passed: list[float] = []

        async def ask() -> None:
            await gate.passable()
            passed.append(anyio.current_time())

        async with anyio.create_task_group() as group:
            for _ in range(50):
                group.start_soon(ask)
        assert passed[0] == pytest.approx(10)
        assert passed[-1] == pytest.approx(10 + 49 * SPACING_S)

    run_virtual(play)


def test_memory_is_the_tightest_of_machine_and_groups(tmp_path: Path) -> None:
    proc, groups = tmp_path / "proc", tmp_path / "groups"
    assert memory_share(proc, groups) is None
    (proc / "self").mkdir(parents=True)
    (proc / "meminfo").write_text("MemTotal: 1000 kB\nMemFree: 10 kB\nMemAvailable: 750 kB\n")
    assert memory_share(proc, groups) == 0.25
    (proc / "self" / "cgroup").write_text("0::/a/b\n")
    for name, limit in (("a", "1000"), ("a/b", "max")):
        folder = groups / name
        folder.mkdir(parents=True)
        (folder / "memory.max").write_text(f"{limit}\n")
        (folder / "memory.current").write_text("950\n")
        (folder / "memory.stat").write_text("anon 1\ninactive_file 50\n")
    assert memory_share(proc, groups) == 0.9
