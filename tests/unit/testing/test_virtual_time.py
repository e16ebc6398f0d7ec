"""Virtual time: hours pass at once, always in the same order, and real work is never outrun."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import anyio
import pytest
from anyio import to_thread

from orchestrator.ports.launcher import Command
from orchestrator.sandbox.launcher import NativeLauncher
from orchestrator.testing import VirtualTimeLoop, real_work, run_virtual
from orchestrator.testing.virtual_time import VirtualTimeStuck


def test_ten_thousand_seconds_pass_at_once() -> None:
    async def main() -> float:
        for _ in range(1_000):
            await anyio.sleep(10)
        return anyio.current_time()

    begun = time.monotonic()
    assert run_virtual(main) == pytest.approx(10_000)
    assert time.monotonic() - begun < 1.0


def test_concurrent_sleeps_end_in_the_order_of_their_times() -> None:
    async def main() -> list[tuple[int, float]]:
        ended: list[tuple[int, float]] = []

        async def sleeper(number: int) -> None:
            await anyio.sleep((number * 7919) % 101)
            await anyio.sleep(number % 3)
            ended.append((number, anyio.current_time()))

        async with anyio.create_task_group() as group:
            for number in range(200):
                group.start_soon(sleeper, number)
        return ended

    first = run_virtual(main)
    assert first == run_virtual(main) == run_virtual(main)
    assert [at for _, at in first] == sorted(at for _, at in first)
    assert first[-1][1] == 102.0


def test_timeouts_are_virtual_too() -> None:
    async def main() -> float:
        with pytest.raises(TimeoutError):
            with anyio.fail_after(3_600):
                await anyio.sleep_forever()
        with anyio.move_on_after(10) as scope:
            await anyio.sleep(9.99)
        assert not scope.cancelled_caught
        return anyio.current_time()

    assert run_virtual(main) == pytest.approx(3_609.99)


def test_a_thread_is_not_outrun() -> None:
    async def main() -> float:
        with anyio.fail_after(5):
            await to_thread.run_sync(time.sleep, 0.2)
        return anyio.current_time()

    assert 0.1 < run_virtual(main) < 3.0


def test_an_executor_is_not_outrun() -> None:
    async def main() -> float:
        with anyio.fail_after(5):
            await asyncio.to_thread(time.sleep, 0.2)
        return anyio.current_time()

    assert 0.1 < run_virtual(main) < 3.0


def test_a_thread_does_not_stop_other_timers_for_good() -> None:
    async def main() -> list[str]:
        said: list[str] = []

        async def work() -> None:
            await to_thread.run_sync(time.sleep, 0.3)
            said.append("thread")

        async def wait(seconds: float) -> None:
            await anyio.sleep(seconds)
            said.append(str(seconds))

        async with anyio.create_task_group() as group:
            group.start_soon(work)
            group.start_soon(wait, 0.05)
            group.start_soon(wait, 1_000)
        return said

    assert run_virtual(main) == ["0.05", "thread", "1000"]


def test_a_process_is_not_outrun() -> None:
    async def main() -> tuple[bytes, float]:
        with anyio.fail_after(10):
            done = await anyio.run_process([sys.executable, "-c", "import time; time.sleep(0.3); print('done')"])
        after = anyio.current_time()
        await anyio.sleep(1_000)
        return done.stdout, after

    begun = time.monotonic()
    output, after = run_virtual(main)
    assert output == b"done\n"
    assert 0.2 < after < 9.0
    assert time.monotonic() - begun < 9.0


def test_a_real_deadline_still_ends_a_process() -> None:
    async def main() -> float:
        process = await anyio.open_process(["sleep", "60"])
        with anyio.move_on_after(0.2):
            await process.wait()
        process.kill()
        await process.wait()
        await process.aclose()
        return anyio.current_time()

    begun = time.monotonic()
    assert 0.2 <= run_virtual(main) < 5.0
    assert time.monotonic() - begun < 5.0


def test_a_plain_popen_counts_until_it_is_reaped() -> None:
    async def main() -> bool:
        process = subprocess.Popen(["sleep", "0.2"])  # noqa: ASYNC220 - the point of this test
        deadline = anyio.current_time() + 10
        while process.poll() is None and anyio.current_time() < deadline:  # noqa: ASYNC110 - polling is the point
            await anyio.sleep(0.01)
        return process.returncode == 0

    assert run_virtual(main)


def test_real_work_marks_what_can_not_be_seen() -> None:
    async def main() -> float:
        done = anyio.Event()
        loop = asyncio.get_running_loop()
        threading.Timer(0.2, lambda: loop.call_soon_threadsafe(done.set)).start()
        with real_work(), anyio.fail_after(5):
            await done.wait()
        return anyio.current_time()

    assert 0.1 < run_virtual(main) < 3.0


def test_real_work_does_nothing_on_a_real_loop() -> None:
    async def main() -> str:
        with real_work():
            return "done"

    assert anyio.run(main) == "done"


def test_ready_descriptors_come_before_a_jump() -> None:
    async def main() -> bytes:
        left, right = socket.socketpair()
        with left, right:
            left.setblocking(False)
            right.setblocking(False)
            loop = asyncio.get_running_loop()
            right.send(b"hello")
            with anyio.fail_after(1):
                return await loop.sock_recv(left, 10)

    assert run_virtual(main) == b"hello"


def test_waiting_for_oneself_is_said() -> None:
    async def main() -> None:
        await anyio.Event().wait()

    with pytest.raises(VirtualTimeStuck, match="nothing is scheduled"):
        run_virtual(main, stuck_after_s=0.2)


def test_everything_is_put_back() -> None:
    before = (to_thread.run_sync, subprocess.Popen.__init__)

    async def main() -> None:
        assert to_thread.run_sync is not before[0]
        raise KeyError("x")

    with pytest.raises(KeyError):
        run_virtual(main)
    assert (to_thread.run_sync, subprocess.Popen.__init__) == before


def test_the_clock_starts_at_zero_and_the_loop_closes() -> None:
    loop = VirtualTimeLoop()
    assert loop.time() == 0.0
    loop.close()
    assert os.getpid()


def test_the_launcher_is_not_outrun(state_dir: Path) -> None:
    async def main() -> tuple[int | None, float]:
        launcher = NativeLauncher(state_dir)
        with anyio.fail_after(20):
            outcome = await launcher.run(Command(("/bin/sh", "-c", "sleep 0.3"), "/", {"PATH": "/usr/bin:/bin"}, 10.0))
        await anyio.sleep(10_000)
        return outcome.exit_code, anyio.current_time()

    begun = time.monotonic()
    exit_code, ended = run_virtual(main)
    assert exit_code == 0
    assert ended > 10_000
    assert time.monotonic() - begun < 10
