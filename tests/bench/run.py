"""Runs every benchmark and writes build/bench.json: rows of name, value, unit, peer, ratio, goal, met.

A row that could not be measured is unmet and says why in `problem`. `make bench` runs it; with names (`run.py journal`)
it measures only those.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
Row = dict[str, Any]


def main(names: list[str]) -> int:
    """Measure, print a table, write the file. Answers 0 also when goals are unmet: a benchmark is no test."""
    rows: list[Row] = []
    console = Console(width=None if sys.stdout.isatty() else 160)
    for path in sorted(HERE.glob("bench_*.py")):
        name = path.stem.removeprefix("bench_")
        if names and name not in names:
            continue
        console.print(f"[dim]measuring {name} …[/dim]")
        rows.extend(measured(path, name))
    console.print(as_table(rows))
    target = ROOT / "build" / "bench.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(rows, indent=1) + "\n")
    console.print(f"written to {target.relative_to(ROOT)}")
    return 0


def measured(path: Path, name: str) -> list[Row]:
    """The rows of one module; a failure to measure is a row of its own."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
        return list(module.rows())
    except Exception as error:  # noqa: BLE001 - a benchmark that breaks is reported as unmet
        return [{"name": name, "met": False, "problem": f"{type(error).__name__}: {error}"}]


def as_table(rows: Iterable[Row]) -> Table:
    """The rows for people."""
    table = Table(box=None, header_style="dim", padding=(0, 2))
    for column in ("name", "value", "unit", "peer", "ratio", "goal", "met"):
        table.add_column(column)
    for row in rows:
        cells = [_cell(row.get(column)) for column in ("name", "value", "unit", "peer", "ratio", "goal")]
        is_met = bool(row.get("met"))
        table.add_row(*cells, "yes" if is_met else f"no {row.get('problem', '')}", style="" if is_met else "yellow")
    return table


def _cell(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else "" if value is None else str(value)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as state:
        os.environ["ORCHESTRATOR_STATE_DIR"] = state
        sys.exit(main(sys.argv[1:]))
