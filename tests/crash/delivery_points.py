"""Crash points of the workspace's code: enumerated, sampled or all, and counted.

`python tests/crash/delivery_points.py` takes all of them and prints the table; `--share` takes a part of them.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing import Pool
from pathlib import Path
from typing import NamedTuple

from delivery import (
    Branch,
    Deliver,
    DeliverEdited,
    EditedAfterCrash,
    FirstSnapshot,
    Integrate,
    Patch,
    Recover,
    Story,
    Undo,
    Worktree,
)
from delivery_todo import TheirTodo, Todo
from figures import Line, save, tell
from files import Steps, forked
from platter import CUTS, Platter

from orchestrator.workspace import mending

STORIES: tuple[type[Story], ...] = (
    Deliver, Undo, Recover, DeliverEdited, EditedAfterCrash, Branch, Patch, Worktree, Integrate, FirstSnapshot,
    Todo, TheirTodo,
)  # fmt: skip
WORLDS = 6
"""How many folders each story is told with when every point is taken."""
MEMORY = Path("/dev/shm") if Path("/dev/shm").is_dir() else None


class Point(NamedTuple):
    """Before which change (0: after the last one) it dies, or half way through it; and what the power cut does."""

    at: int
    is_half: bool
    cut: str


@dataclass(slots=True)
class Tally:
    """What a run of points found."""

    points: Counter[str] = field(default_factory=Counter[str])
    wrong: Counter[str] = field(default_factory=Counter[str])
    problems: list[str] = field(default_factory=list[str])

    def add(self, other: Tally) -> None:
        """Count another run in."""
        self.points += other.points
        self.wrong += other.wrong
        self.problems += other.problems

    def lines(self) -> list[Line]:
        """For the table of all crash tests: whatever is wrong here is work of a user or a mission that is lost."""
        return [Line(kind, count, lost=self.wrong[kind]) for kind, count in sorted(self.points.items())]

    def table(self) -> str:
        """For people."""
        rows = [f"{kind:<34}{count:>8}" for kind, count in sorted(self.points.items())]
        found = Counter(line.split(": ", 1)[-1][:90] for line in self.problems)
        last = [f"{'points':<34}{self.points.total():>8}", f"{'problems':<34}{len(self.problems):>8}"]
        return "\n".join([*rows, *last, *[f"  {count} x {line}" for line, count in found.most_common(12)]])


def try_story(kind: type[Story], seed: int, share: float, disk: type[Platter] = Platter) -> Tally:
    """Tell one story with one folder, cut it off at a share of its points, and examine what is left.

    `disk` is what the machine has where its power goes.
    """
    tally = Tally()
    dice = random.Random(f"{kind.name} {seed}")  # noqa: S311 - no secret
    good_day = Path(tempfile.mkdtemp(prefix="crash-", dir=MEMORY))
    try:
        story = kind(good_day / "world", seed)
        story.world.place.mkdir()
        forked(story.prepare)
        shutil.copytree(good_day, good_day.with_suffix(".kept"), symlinks=True)
        for at, is_half, cut in [point for point in _points(story, good_day) if dice.random() < share]:
            _again(good_day)
            platter = disk((story.world.places.root, story.world.places.state)) if cut else None
            _try(tally, story, Point(at, is_half, cut), platter)
    finally:
        for folder in (good_day, good_day.with_suffix(".kept")):
            shutil.rmtree(folder, ignore_errors=True)
    return tally


def _again(folder: Path) -> None:
    """The good day, anew."""
    shutil.rmtree(folder)
    shutil.copytree(folder.with_suffix(".kept"), folder, symlinks=True)


def _points(story: Story, folder: Path) -> Iterator[Point]:
    """Before every change, half way through those that have a half, after the last one; by a kill and by power cuts."""
    _again(folder)
    steps = Steps()

    def act() -> list[str]:
        story.act()
        return steps.kinds

    _, kinds = forked(act, steps)
    for number, kind in [*enumerate(kinds, start=1), (0, "")]:
        for cut in ("", *CUTS) if story.is_for_power else ("",):
            yield Point(number, False, cut)
        if kind.endswith("*"):
            yield Point(number, True, "")


def _try(tally: Tally, story: Story, point: Point, platter: Platter | None) -> None:
    where = f"{story.name}, seed {story.world.seed}, {point}"
    kind = f"{story.name}{': power' if point.cut else ''}"
    tally.points[kind] += 1

    def examine() -> list[str]:
        if point.cut:
            mending._boot_id = lambda: "the next boot"
        return story.examine()

    try:
        forked(story.act, Steps(point.at, point.is_half, platter, point.cut))
        _, problems = forked(examine)
    except AssertionError as error:
        problems = [f"{str(error).strip().splitlines()[-1]}\n{error}"]
    tally.wrong[kind] += bool(problems)
    tally.problems += [f"{where}: {line}" for line in problems]


def _shard(task: tuple[int, int, float]) -> Tally:
    number, seed, share = task
    return try_story(STORIES[number], seed, share)


def main() -> int:
    """Every story, on every core."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worlds", type=int, default=WORLDS)
    parser.add_argument("--share", type=float, default=1.0, help="part of all points that is tried")
    parser.add_argument("--story", default="", help="only this one")
    parser.add_argument("--jobs", type=int, default=2, help="processes side by side")
    parser.add_argument("--figures", default="", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    tasks = [
        (number, arguments.seed + world, arguments.share)
        for world in range(arguments.worlds)
        for number, story in enumerate(STORIES)
        if arguments.story in {"", story.name}
    ]
    began_s = time.monotonic()
    total = Tally()
    with Pool(arguments.jobs) as pool:
        for number, tally in enumerate(pool.imap_unordered(_shard, tasks), start=1):
            total.add(tally)
            tell(number, len(tasks), f"{total.points.total():,} points, {len(total.problems)} problems")
    save(arguments.figures, total.lines())
    sys.stdout.write(
        f"crash points of the workspace, seed {arguments.seed}, {time.monotonic() - began_s:.0f} s\n{total.table()}\n"
    )
    for line in total.problems[:20]:
        sys.stdout.write(f"\n{line}\n")
    return 1 if total.problems else 0


if __name__ == "__main__":
    sys.exit(main())
