"""False alarms of learned conventions: each installed package is learned from nine tenths of its files.

The last tenth is code that its own authors wrote: what is reported of it is, with few exceptions, a false alarm.
"""

from __future__ import annotations

import random
import sysconfig
from pathlib import Path
from typing import Any

from orchestrator import native

SUFFIXES = (".py", ".js", ".ts")
LEAST_FILES = 20
GOAL_PER_1000 = 10.0


def rows() -> list[dict[str, Any]]:
    """One row: reports that refuse a change, for 1,000 files that were held back."""
    root = Path(sysconfig.get_paths()["purelib"])
    judged = warnings = told = 0
    for package in sorted(path for path in root.iterdir() if path.is_dir()):
        files = sorted(str(path.relative_to(root)) for path in package.rglob("*") if path.suffix in SUFFIXES)
        if len(files) < LEAST_FILES:
            continue
        random.Random(7).shuffle(files)  # noqa: S311 - a fixed split
        held_back, rest = files[: len(files) // 10], files[len(files) // 10 :]
        conventions = native.Conventions.learn(str(root), rest)
        for path in held_back:
            found = conventions.judge(path, (root / path).read_bytes())
            if found is None:
                continue
            judged += 1
            warnings += sum(one.severity == "warning" for one in found)
            told += sum(one.severity == "info" for one in found)
    rate = 1000 * warnings / max(judged, 1)
    shown = f"{judged} files held back, {warnings} refusing, {told} only told"
    row = {"name": "conventions, reports that refuse", "value": round(rate, 2), "unit": "per 1,000 files"}
    return [row | {"peer": shown, "goal": f"<= {GOAL_PER_1000}", "met": judged > 0 and rate <= GOAL_PER_1000}]


if __name__ == "__main__":
    print(*rows(), sep="\n")
