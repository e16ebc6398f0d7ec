"""Speed of the launcher beside a bare spawn, and of ending fifty commands with their children."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import anyio

from orchestrator.ports.launcher import Command
from orchestrator.sandbox.hidden import hidden_places
from orchestrator.sandbox.launcher import NativeLauncher
from orchestrator.sandbox.policy import Policy

REPEATS = 120
SESSIONS = 50
CHILDREN = "import os, time\nfor _ in range(3): os.fork() or (os.setsid(), time.sleep(300))\ntime.sleep(300)"


def rows() -> list[dict[str, Any]]:
    """The rows of this room."""
    with tempfile.TemporaryDirectory() as scratch:
        return anyio.run(_measure, Path(os.path.realpath(scratch)))


async def _measure(scratch: Path) -> list[dict[str, Any]]:
    state, work = scratch / "state", scratch / "state/work"
    work.mkdir(parents=True)
    launcher = NativeLauncher(state / "programs", policy=Policy(hidden=hidden_places([state])))
    command = Command(("/bin/true",), str(work), {}, 20.0, writable=(str(work),))
    plain = NativeLauncher(state / "programs", isolation="subreaper")
    return [
        await _overhead(f"launcher over a bare spawn ({launcher.level})", launcher, command),
        await _overhead("launcher over a bare spawn (subreaper)", plain, command),
        await _stop(launcher, work),
    ]


async def _overhead(name: str, launcher: NativeLauncher, command: Command) -> dict[str, Any]:
    """The median of differences between neighbours: what else the machine does hits both alike."""
    over: list[float] = []
    bare: list[float] = []
    await launcher.run(command)
    for _ in range(REPEATS):
        started = time.perf_counter()
        _bare()
        between = time.perf_counter()
        await launcher.run(command)
        bare.append(between - started)
        over.append(time.perf_counter() - between - bare[-1])
    value_ms = statistics.median(over) * 1000
    return {
        "name": name,
        "value": round(value_ms, 2),
        "unit": "ms",
        "peer": f"subprocess.run: {statistics.median(bare) * 1000:.2f} ms; least difference {min(over) * 1000:.2f} ms",
        "ratio": round(1 + statistics.median(over) / statistics.median(bare), 2),
        "goal": "<= 3 ms",
        "met": value_ms <= 3.0,
    }


def _bare() -> None:
    subprocess.run(["/bin/true"], env={}, cwd="/", stdin=subprocess.DEVNULL, check=True, capture_output=True)


async def _stop(launcher: NativeLauncher, work: Path) -> dict[str, Any]:
    """From the wish to stop until all of fifty commands with three children each are reaped."""
    mark = f"bench-{os.getpid()}"
    command = Command((sys.executable, "-c", CHILDREN, mark), str(work), {}, 600.0, writable=(str(work),))
    started = 0.0
    async with anyio.create_task_group() as tasks:
        for _ in range(SESSIONS):
            tasks.start_soon(launcher.run, command)
        with anyio.fail_after(120):
            while _alive(mark) < 4 * SESSIONS:  # noqa: ASYNC110 - other processes set no event
                await anyio.sleep(0.1)
        started = time.perf_counter()
        tasks.cancel_scope.cancel()
    value_s = time.perf_counter() - started
    left = _alive(mark)
    return {
        "name": f"stop of {SESSIONS} commands with {3 * SESSIONS} children until all are reaped",
        "value": round(value_s, 3),
        "unit": "s",
        "peer": f"{left} left",
        "ratio": None,
        "goal": "<= 2 s",
        "met": value_s <= 2.0 and left == 0,
    }


def _alive(mark: str) -> int:
    found = 0
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                found += mark.encode() in (folder / "cmdline").read_bytes()
            except OSError:
                continue
    return found


if __name__ == "__main__":
    for row in rows():
        print(row)
