"""Plays many worlds and prints a table.

`SEEDS=50000 python tests/sim/run.py` is the long run; FIRST sets the first seed.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from planted import BUGS
from simulation import Outcome, quiet, simulate

BUG_SEEDS = 1_000
"""Within so many worlds every planted bug must be found."""


def play(seed: int) -> Outcome:
    """One world, without its trace."""
    quiet()
    outcome = simulate(seed)
    outcome.trace = []
    return outcome


def hunt(name: str, seeds: int = BUG_SEEDS) -> tuple[int, str] | None:
    """The first seed that finds a planted bug, and what it found; None when none does."""
    quiet()
    for seed in range(seeds):
        outcome = simulate(seed, BUGS[name])
        if outcome.problems:
            return seed, outcome.problems[0]
    return None


def main() -> int:
    """1 when a rule was broken or a planted bug was not found."""
    first, count = int(os.environ.get("FIRST", "0")), int(os.environ.get("SEEDS", "1000"))
    begun_s, statuses, events, lives = time.monotonic(), Counter[str](), Counter[str](), 0
    broken: list[Outcome] = []
    out = sys.stdout.write
    with ProcessPoolExecutor() as pool:
        for outcome in pool.map(play, range(first, first + count), chunksize=20):
            statuses[outcome.status] += 1
            events += outcome.events
            lives += outcome.lives
            if outcome.problems:
                broken.append(outcome)
                out(f"{outcome.report()}\n")
        out(f"worlds            {count} (seeds {first} to {first + count - 1})\n")
        out(f"broken rules      {len(broken)}\n")
        out(f"server deaths     {lives - count}\n")
        out(f"events            {events.total():,}, rules judged after each\n")
        for status, number in statuses.most_common():
            out(f"  ended {status or 'nowhere':<22} {number}\n")
        for name, number in sorted(events.items()):
            out(f"  {name:<28} {number:>10,}\n")
        missed = 0
        for name, found in zip(BUGS, pool.map(hunt, BUGS), strict=True):
            missed += found is None
            out(f"planted {name:<20} {f'seed {found[0]}: {found[1]}' if found else 'NOT FOUND'}\n")
    out(f"took              {time.monotonic() - begun_s:.0f} s\n")
    return 1 if broken or missed else 0


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "PYTHONHASHSEED": "0"})  # noqa: S606 - this program again
    sys.exit(main())
