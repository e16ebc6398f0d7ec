"""All crash tests, and one table: `make crash`, and in full `make crash-long`.

The stages run two side by side where there are two cores. The exit code is 1 when a figure that must be zero is not,
when a stage broke, or when fewer than 5,000 crash points were tried. `--keep FILE` also writes what is printed there;
`--minutes N` ends the killing of the long run after so long.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from figures import Line, load, table

LEAST_POINTS = 5_000
HERE = Path(__file__).parent


@dataclass(slots=True)
class Stage:
    """A script of this folder. `said` is what it printed but its progress."""

    name: str
    argv: list[str]
    counts_points: bool = False
    lines: list[Line] = field(default_factory=list[Line])
    said: list[str] = field(default_factory=list[str])
    code: int = 0
    took_s: float = 0.0

    @property
    def is_clean(self) -> bool:
        """Whether it came to its end and zero is where zero is due."""
        return self.code == 0 and bool(self.lines) and all(line.is_clean for line in self.lines)


def stages(seed: int, *, is_long: bool, minutes: float) -> list[Stage]:
    """What is run, the longest first."""
    jobs, shown = ["--jobs", "1"], ["--seed", str(seed)]
    if is_long:
        until = ["--minutes", str(minutes)] if minutes else []
        return [
            Stage("kills", ["kills.py", *shown, *until]),
            Stage("crash points of the journal", ["journal_points.py", *shown, *jobs], counts_points=True),
            Stage("crash points of the workspace", ["delivery_points.py", *shown, *jobs], counts_points=True),
            Stage("attack on the plan", ["attack.py"]),
        ]
    return [
        Stage(
            "crash points of the journal",
            ["journal_points.py", *shown, *jobs, "--share", "0.3"],
            counts_points=True,
        ),
        Stage(
            "crash points of the workspace",
            ["delivery_points.py", *shown, *jobs, "--worlds", "2", "--share", "0.12"],
            counts_points=True,
        ),
        Stage("kills", ["kills.py", *shown, "--kills", "40", "--lanes", "2"]),
        Stage("attack on the plan", ["attack.py", "--writes", "1500"]),
    ]


class Show:
    """Prints, and remembers what it printed."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self._began_s = time.monotonic()
        self._lock = threading.Lock()

    def line(self, text: str) -> None:
        """A line for people."""
        with self._lock:
            self.text.append(text)
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()

    def progress(self, text: str) -> None:
        """A line that is not kept."""
        with self._lock:
            sys.stdout.write(f"{time.monotonic() - self._began_s:6.0f} s  {text}\n")
            sys.stdout.flush()


_started: list[subprocess.Popen[str]] = []


def end_all(number: int, _frame: object) -> None:
    """Whoever ends the table ends its stages, with all that they have started."""
    for process in _started:
        if process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    os._exit(128 + number)


def run(stage: Stage, show: Show, folder: Path) -> None:
    """One stage, in a process of its own."""
    kept = folder / f"{stage.argv[0]}.json"
    script, *arguments = stage.argv
    argv = [sys.executable, str(HERE / script), *arguments, "--figures", str(kept)]
    began_s = time.monotonic()
    show.progress(f"{stage.name}: begins")
    with subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        _started.append(process)
        for text in process.stdout:
            if text.startswith("progress "):
                show.progress(f"{stage.name}: {text.removeprefix('progress ').rstrip()}")
            else:
                stage.said.append(text.rstrip())
    stage.code, stage.took_s = process.returncode, time.monotonic() - began_s
    stage.lines = load(kept)
    show.progress(f"{stage.name}: {'clean' if stage.is_clean else 'NOT CLEAN'} after {stage.took_s:.0f} s")


def conclude(done: list[Stage], show: Show, what: str, took_s: float) -> bool:
    """The table, and whether all is well."""
    show.line("")
    show.line(table((f"{stage.name}, {stage.took_s:.0f} s", stage.lines) for stage in done))
    points = sum(line.run for stage in done if stage.counts_points for line in stage.lines)
    is_clean = all(stage.is_clean for stage in done)
    show.line("")
    show.line(f"{points:,} crash points (at least {LEAST_POINTS:,} are due), {took_s:.0f} s on {os.cpu_count()} cores")
    for stage in done:
        if not stage.is_clean:
            show.line(f"\n{stage.name} ended with {stage.code}:")
            show.line("\n".join(stage.said[-60:]))
    is_well = is_clean and points >= LEAST_POINTS
    show.line(f"{what}: {'zero is where zero is due' if is_well else 'NOT WELL'}")
    return is_well


def main() -> int:
    """All stages, and the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help="all points, 10,000 kills, 10,000 writes each way")
    parser.add_argument("--minutes", type=float, default=0.0, help="end the kills of a long run after so long")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", default="", help="also write what is printed to this file")
    arguments = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end_all)
    what = "crash-long" if arguments.long else "crash"
    show = Show()
    show.line(f"$ make {what}: seed {arguments.seed}")
    began_s = time.monotonic()
    done = stages(arguments.seed, is_long=arguments.long, minutes=arguments.minutes)
    lanes = min(2, os.cpu_count() or 1)
    with tempfile.TemporaryDirectory(prefix="crash-table-") as folder, ThreadPoolExecutor(lanes) as pool:
        for future in [pool.submit(run, stage, show, Path(folder)) for stage in done]:
            future.result()
    is_well = conclude(done, show, what, time.monotonic() - began_s)
    if arguments.keep:
        Path(arguments.keep).write_text("\n".join(show.text) + "\n")
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
