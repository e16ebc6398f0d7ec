"""Crash points of the journal: enumerated, sampled or all, and counted.

`python tests/crash/journal_points.py` takes all of them and prints the table; `--sample N --seed S` takes a part.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import Pool
from pathlib import Path

import anyio
import apsw
import journal_work as work
from disk import Disk, Faulty, Op, PageCache, lay_out, torn
from figures import Line, save, tell
from layers import recording

from orchestrator.journal import segments

FAULTS = ("eio", "torn", "full", "read_only")
MIXES = 4
MEMORY = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
Point = tuple[int, str, int]
"""Before which change, what happens there, and the seed of its dice."""


@dataclass(slots=True)
class Tally:
    """What a run of points found."""

    points: Counter[str] = field(default_factory=Counter[str])
    losses: Counter[str] = field(default_factory=Counter[str])
    others: Counter[str] = field(default_factory=Counter[str])
    problems: list[str] = field(default_factory=list[str])

    @property
    def lost(self) -> int:
        """Points at which an acknowledged fact was lost."""
        return self.losses.total()

    def add(self, other: Tally) -> None:
        """Count another run in."""
        self.points += other.points
        self.losses += other.losses
        self.others += other.others
        self.problems += other.problems

    def take(self, kind: str, where: str, problems: list[str]) -> None:
        """Count a point in, with what is wrong there."""
        self.points[kind] += 1
        lost = [line for line in problems if line.startswith("lost")]
        self.losses[kind] += bool(lost)
        self.others[kind] += len(problems) - len(lost)
        self.problems += [f"{where}: {line}" for line in problems]

    def lines(self) -> list[Line]:
        """For the table of all crash tests."""
        return [
            Line(kind, count, lost=self.losses[kind], other=self.others[kind])
            for kind, count in sorted(self.points.items())
        ]

    def table(self) -> str:
        """For people."""
        rows = [f"{kind:<28}{count:>8}" for kind, count in sorted(self.points.items())]
        found = Counter(line.split(": ", 1)[-1][:80] for line in self.problems)
        return "\n".join(
            [
                *rows,
                f"{'points':<28}{self.points.total():>8}",
                f"{'acknowledged facts lost':<28}{self.lost:>8}",
                f"{'other problems':<28}{self.others.total():>8}",
                *[f"  {count} x {line}" for line, count in found.most_common(10)],
            ]
        )


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    path = Path(tempfile.mkdtemp(prefix="crash-", dir=MEMORY))
    try:
        yield path
    finally:
        shutil.rmtree(path)


@contextmanager
def small_steps() -> Iterator[None]:
    """Checkpoints and segments so small that a short day has many."""
    before = segments.MAX_SEGMENT_EVENTS
    segments.MAX_SEGMENT_EVENTS = work.SEGMENT_EVENTS
    apsw.connection_hooks.append(work.small_checkpoints)
    try:
        yield
    finally:
        apsw.connection_hooks.remove(work.small_checkpoints)
        segments.MAX_SEGMENT_EVENTS = before


def recorded(disk: Disk) -> work.Told:
    """One day of the journal on this disk."""
    with recording(disk):
        day = work.Work(disk)
        anyio.run(day.run)
    return day.told


def crash_points(ops: list[Op]) -> list[Point]:
    """Every point at which the machine may stop, with everything that may be on its disk then."""
    found: list[Point] = []
    for index in range(len(ops) + 1):
        found += [(index, "unsynced lost", 0), (index, "unsynced kept", 0)]
        found += [(index, "unsynced mixed", seed) for seed in range(MIXES)]
        if index < len(ops) and ops[index].kind == "write":
            found += [(index, "write torn", 0), (index, "write torn, others mixed", 1)]
    return found


def try_crashes(seed: int, share: float, kind: type[Disk] = Disk) -> Tally:
    """Record a day on a disk of this kind, stop it at a share of its points, open what is left, and compare."""
    tally = Tally()
    dice = random.Random(seed)  # noqa: S311 - no secret
    with small_steps(), folder() as root:
        disk = kind(root)
        told = recorded(disk)
        if told.refused:
            tally.problems.append(f"a disk without faults: {told.refused}")
            tally.others["unsynced kept"] += 1
        points = sorted(point for point in crash_points(disk.ops) if dice.random() < share)
        cache = PageCache()
        done = 0
        for point in points:
            for op in disk.ops[done : point[0]]:
                cache.apply(op)
            done = point[0]
            _try(tally, point, _left(cache, disk.ops, point, seed), told, told.acknowledged(done))
    return tally


def _left(cache: PageCache, ops: list[Op], point: Point, seed: int) -> dict[str, bytes]:
    index, kind, number = point
    dice = random.Random(f"{seed} {point}")  # noqa: S311 - no secret
    match kind:
        case "unsynced lost":
            return cache.lost()
        case "unsynced kept":
            return cache.kept()
        case "unsynced mixed":
            return cache.mixed(dice)
        case _:
            pending = cache.names[ops[index].path].pending
            pending.append(torn(ops[index], dice))
            try:
                return cache.mixed(dice) if number else cache.kept()
            finally:
                pending.pop()


def _try(tally: Tally, point: Point, content: dict[str, bytes], told: work.Told, acknowledged: int) -> None:
    with folder() as place:
        lay_out(content, place)
        found = anyio.run(work.examine, place, told, acknowledged)
    tally.take(point[1], str(point), found.problems)


def try_faults(seed: int, share: float) -> Tally:
    """Live through a day whose disk fails at one change, then open it again on a good disk, and compare."""
    tally = Tally()
    dice = random.Random(seed)  # noqa: S311 - no secret
    with small_steps():
        with folder() as root:
            count = len(recorded(disk := Disk(root)).by_seq) and len(disk.ops)
        for at in range(1, count + 1):
            for kind in FAULTS:
                if dice.random() < share:
                    _live(tally, at, kind)
    return tally


def _live(tally: Tally, at: int, kind: str) -> None:
    with folder() as root:
        told = recorded(Faulty(root, at, kind))
        found = anyio.run(work.examine, root, told, max(told.by_seq, default=0))
    unclear = set(told.refused) - {"disk_full", "journal_unwritable", "projection_unwritable"}
    problems = [*found.problems, *(f"refused with {code}" for code in unclear)]
    tally.take(f"fault: {kind}", f"{at} {kind}", problems)


def _shard(task: tuple[str, int, float]) -> Tally:
    kind, seed, share = task
    return try_crashes(seed, share) if kind == "crash" else try_faults(seed, share)


def main() -> int:
    """Everything, on every core."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=1.0, help="part of all points that is tried")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes side by side")
    parser.add_argument("--figures", default="", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    shards = 8
    tasks = [(kind, arguments.seed + n, arguments.share / shards) for kind in ("crash", "fault") for n in range(shards)]
    total = Tally()
    with Pool(arguments.jobs) as pool:
        for number, tally in enumerate(pool.imap_unordered(_shard, tasks), start=1):
            total.add(tally)
            tell(number, len(tasks), f"{total.points.total():,} points, {len(total.problems)} problems")
    save(arguments.figures, total.lines())
    sys.stdout.write(f"crash points of the journal, seed {arguments.seed}\n{total.table()}\n")
    return 1 if total.problems else 0


if __name__ == "__main__":
    sys.exit(main())
