"""Ten minutes of missions in a loop on one shared server: memory, descriptors, threads and disk stay flat.

`python tests/crash/soak.py` prints the table; `--seconds N` sets another length. The server begins with as many ended
missions as it keeps in memory, and with little room for the work of ended missions, so that what it may hold is full
from the start. The first third warms up and does not count. A slope is what a straight line through the rest of the
samples rises in an hour, and a thousand missions; `BOUNDS` says how much growth is too much. The journal alone may
grow: it keeps what ended within 30 days, some 30 KiB a mission here.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import uuid4

import anyio
import psutil
from attack import end_server

from orchestrator.client import Client, connect_shared
from orchestrator.clock import SystemClock
from orchestrator.config.places import places, user_config_file
from orchestrator.domain.events import MissionAccepted
from orchestrator.journal.reader import JournalReader
from orchestrator.journal.store import open_journal
from orchestrator_protocol.mission import MissionStartParams

SECONDS = 600
EVERY = 3
"""Missions between two samples."""
MIB = 1024 * 1024
OLD_MISSIONS = 260
"""Ended missions of four tasks each, at the beginning: more than memory keeps."""
WORK_BYTES = 4 * MIB
BOUNDS = {
    "memory_mib": (10.0, 25.0),
    "descriptors": (2.0, 5.0),
    "threads": (2.0, 5.0),
    "children": (2.0, 5.0),
    "work_mib": (3.0, 10.0),
    "journal_mib": (30.0, 60.0),
}
"""What grows is too much when it rose by the first number between the two halves of a run, and by the second for a
thousand missions."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What the server holds after so many missions."""

    missions: int
    at_s: float
    memory_mib: float
    descriptors: int
    threads: int
    children: int
    work_mib: float
    journal_mib: float


@dataclass(slots=True)
class Soak:
    """A run."""

    samples: list[Sample] = field(default_factory=list[Sample])
    statuses: set[str] = field(default_factory=set[str])

    @property
    def counted(self) -> list[Sample]:
        """The samples after the warm-up."""
        return self.samples[len(self.samples) // 3 :]

    def grown(self, name: str) -> float:
        """By how much the median of the last third is above that of the middle one."""
        half = len(self.counted) // 2
        before, after = ([float(getattr(s, name)) for s in part] for part in (self.counted[:half], self.counted[half:]))
        return statistics.median(after) - statistics.median(before)

    def for_thousand(self, name: str) -> float:
        """What a thousand missions add."""
        values = [float(getattr(sample, name)) for sample in self.counted]
        return 1_000 * _slope([float(sample.missions) for sample in self.counted], values)

    def growing(self) -> list[str]:
        """What grows beyond its bounds."""
        return [
            name
            for name, (step, slope) in BOUNDS.items()
            if self.grown(name) >= step and self.for_thousand(name) >= slope
        ]

    def table(self) -> str:
        """For people."""
        first, last = self.counted[0], self.counted[-1]
        lines = [
            f"{last.missions} missions in {last.at_s:.0f} s, ended {', '.join(sorted(self.statuses))}",
            f"{'':<14}{'start':>10}{'end':>10}{'per hour':>12}{'per 1,000 missions':>20}",
        ]
        for name in BOUNDS:
            values = [float(getattr(sample, name)) for sample in self.counted]
            hour = 3_600 * _slope([sample.at_s for sample in self.counted], values)
            thousand = self.for_thousand(name)
            lines.append(
                f"{name:<14}{getattr(first, name):>10.1f}{getattr(last, name):>10.1f}{hour:>12.1f}{thousand:>20.1f}"
            )
        return "\n".join(lines)


def _slope(times: list[float], values: list[float]) -> float:
    return statistics.linear_regression(times, values).slope if len(set(times)) > 1 else 0.0


def prepare(folder: Path) -> tuple[Path, str]:
    """A workspace with a check, and the script of a mission of four tasks; the workspace and the host."""
    root = folder / "project"
    (root / ".opencode").mkdir(parents=True)
    (root / "main.py").write_text("print('hello')\n")
    check = {"name": "compiles", "command": "python -m compileall -q -f .", "when": "seal", "timeout_s": 120}
    (root / ".opencode" / "orchestrator.jsonc").write_text(json.dumps({"checks": [check]}))
    return root, f"scripted:{folder / 'script.json'}"


def write_script(folder: Path, number: int) -> None:
    """The next mission's: the same four files with other content."""
    tasks = [{"id": n, "title": n, "why": "asked", "write_set": [f"{n}.py"], "depends_on": []} for n in "abcd"]
    work = {
        n: {"worker": [{"actions": [{"write": {"path": f"{n}.py", "content": f"{n} = {number}\n"}}]}]} for n in "abcd"
    }
    script = folder / "script.json"
    script.write_text(json.dumps({"planner": [{"plan": {"tasks": tasks}}], "tasks": work}))


async def fill(folder: Path, root: Path, host: str) -> None:
    """As many ended missions as memory keeps: one that ran, copied."""
    write_script(folder, 0)
    async with connect_shared(root) as client:
        await _one(client, host)
    end_server(folder / "state")
    journal = places(root).journal
    with JournalReader(journal) as reader:
        told = [item.event for item in reader.read(limit=10_000)]
    accepted = next(event for event in told if isinstance(event, MissionAccepted))
    async with open_journal(journal, clock=SystemClock()) as opened:
        for number in range(OLD_MISSIONS):
            mission_id = f"m-old{number}"
            copy = replace(accepted, mission_id=mission_id, key=mission_id)
            await opened.append(mission_id, [copy if event is accepted else event for event in told])


async def run(folder: Path, seconds: float) -> Soak:
    """Missions one after another, at least twelve, each with a client of its own beside one that stays."""
    root, host = prepare(folder)
    await fill(folder, root, host)
    soak = Soak()
    began_s = time.monotonic()
    async with connect_shared(root):
        card = _card()
        server = psutil.Process(json.loads(card.read_text())["pid"])
        number = 0
        while number < 4 * EVERY or time.monotonic() - began_s < seconds:
            number += 1
            write_script(folder, number)
            async with connect_shared(root) as client:
                soak.statuses.add(await _one(client, host))
            if number % EVERY == 0:
                soak.samples.append(_sample(server, card.parent, number, time.monotonic() - began_s))
    return soak


def _card() -> Path:
    (card,) = Path(os.environ["ORCHESTRATOR_STATE_DIR"]).glob("w/*/server.json")
    return card


async def _one(client: Client, host: str) -> str:
    params = MissionStartParams(text="a mission", host=host, trust=True, key=uuid4().hex)
    mission_id = (await client.request(params)).mission_id
    status = ""
    async for event in client.follow(0, mission_id):
        if event.type == "mission.sealed":
            status = "sealed"
        if event.type == "mission.ended":
            return str(event.data["status"])
        if event.type == "mission.delivered":
            return status
    return "lost"


def _sample(server: psutil.Process, state: Path, missions: int, at_s: float) -> Sample:
    with server.oneshot():
        memory = server.memory_info().rss / MIB
        descriptors, threads = server.num_fds(), server.num_threads()
    journal = _size_mib(state.glob("journal.*"))
    work = _size_mib(state.rglob("*")) - journal
    return Sample(missions, at_s, memory, descriptors, threads, len(server.children(recursive=True)), work, journal)


def _size_mib(paths: Iterable[Path]) -> float:
    return sum(path.lstat().st_size for path in paths if _is_file(path)) / MIB


def _is_file(path: Path) -> bool:
    try:
        return path.is_file() and not path.is_symlink()
    except OSError:
        return False


def main() -> int:
    """Run, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-", ignore_cleanup_errors=True) as name:
        os.environ.update(
            ORCHESTRATOR_STATE_DIR=f"{name}/state", ORCHESTRATOR_IDLE_TIMEOUT_S="5", XDG_CONFIG_HOME=f"{name}/config"
        )
        settings = user_config_file()
        settings.parent.mkdir(parents=True)
        settings.write_text(json.dumps({"journal": {"work_size_bytes": WORK_BYTES}}))
        soak = anyio.run(run, Path(name), arguments.seconds)
        end_server(Path(name) / "state")
    sys.stdout.write(f"{soak.table()}\n")
    leaks = soak.growing()
    sys.stdout.write(f"growing: {', '.join(leaks) or 'nothing'}\n")
    return 1 if leaks or soak.statuses != {"sealed"} else 0


if __name__ == "__main__":
    sys.exit(main())
