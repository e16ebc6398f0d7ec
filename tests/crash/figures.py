"""What a stage of the crash tests found, as the one table of all stages shows it."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Line:
    """One kind of crash. Where a figure means nothing for a kind it is None; `run` counts points, kills or writes.

    Zero is due in `lost` (acknowledged facts), `twice` (done twice in silence), `orphans` (processes two seconds after
    a kill), `unsealed` (missions), `writes_lost` (on a plan) and `other` (whatever else is wrong). Times are seconds.
    """

    kind: str
    run: int
    lost: int | None = None
    twice: int | None = None
    orphans: int | None = None
    unsealed: int | None = None
    resume_s: list[float] = field(default_factory=list[float])
    repeated: tuple[float, float] | None = None
    writes_lost: int | None = None
    other: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether zero is where zero is due."""
        due = (self.lost, self.twice, self.orphans, self.unsealed, self.writes_lost, self.other)
        return not any(due)


_COLUMNS = (
    "run", "facts lost", "done twice", "orphans 2 s", "not sealed", "resume s, median", "p95",
    "work repeated", "plan writes lost", "other",
)  # fmt: skip


def table(groups: Iterable[tuple[str, Sequence[Line]]]) -> str:
    """For people: a block a stage, a line a kind."""
    rows: list[tuple[str, ...]] = [("kind", *_COLUMNS)]
    for name, lines in groups:
        rows += [("",), (name.upper(),), *(_cells(line) for line in lines)]
    first = max(len(row[0]) for row in rows)
    widths = [len(column) for column in _COLUMNS]
    shown: list[str] = []
    for row in rows:
        cells = [f"{cell:>{width}}" for cell, width in zip(row[1:], widths, strict=False)]
        shown.append("  ".join([row[0].ljust(first), *cells]).rstrip())
    return "\n".join(shown)


def _cells(line: Line) -> tuple[str, ...]:
    times = sorted(line.resume_s)
    median = f"{statistics.median(times):.2f}" if times else "-"
    p95 = f"{times[int(0.95 * (len(times) - 1))]:.2f}" if times else "-"
    repeated = f"{100 * line.repeated[0] / max(line.repeated[1], 1e-9):.0f} %" if line.repeated else "-"
    counts = [line.lost, line.twice, line.orphans, line.unsealed]
    return (
        f"  {line.kind}",
        f"{line.run:,}",
        *("-" if count is None else str(count) for count in counts),
        median,
        p95,
        repeated,
        "-" if line.writes_lost is None else str(line.writes_lost),
        str(line.other),
    )


def tell(done: int, of: int, what: str) -> None:
    """Say how far a stage is."""
    sys.stdout.write(f"progress {done} of {of}: {what}\n")
    sys.stdout.flush()


def save(path: str, lines: Sequence[Line]) -> None:
    """Keep a stage's lines for the table; "" keeps nothing."""
    if path:
        Path(path).write_text(json.dumps([asdict(line) for line in lines]))


def load(path: Path) -> list[Line]:
    """What `save` kept; nothing when the stage did not come that far."""
    return [Line(**fields) for fields in json.loads(path.read_text())] if path.exists() else []
