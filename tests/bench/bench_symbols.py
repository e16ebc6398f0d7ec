"""Speed of the symbol index beside a bare parse of the same files, on the same machine, in the same run."""

from __future__ import annotations

import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from orchestrator import native

FILES = 1_000
REPEATS = 3
_PARSE = """import ast, sys, pathlib
for name in sys.stdin.read().split('\\0'):
    ast.parse(pathlib.Path(name).read_bytes())
"""


def rows() -> list[dict[str, Any]]:
    """Index, warm index and check of 1,000 real files; the peer only parses them, with CPython's own parser."""
    site = Path(sysconfig.get_path("purelib"))
    paths = [str(path.relative_to(site)) for path in sorted(site.rglob("*.py")) if path.stat().st_size < 200_000][
        :FILES
    ]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for path in paths:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes((site / path).read_bytes())
        index = native.SymbolIndex.build(folder, paths)
        cold_s = _median(lambda: native.SymbolIndex.build(folder, paths))
        warm_s = _median(lambda: native.SymbolIndex.build(folder, paths, previous=index))
        check_s = _median(index.check)
        names = "\0".join(str(root / path) for path in paths).encode()
        command = [sys.executable, "-W", "ignore", "-c", _PARSE]
        peer_s = _median(lambda: subprocess.run(command, input=names, check=True, capture_output=True, timeout=300))
    return [
        _row("symbol index of 1,000 files", cold_s, peer_s, 0.5),
        _row("symbol index, nothing changed", warm_s, peer_s, 0.05),
        _row("cross-file check of 1,000 files", check_s, peer_s, 0.2),
    ]


def _median(work: Callable[[], object]) -> float:
    times: list[float] = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def _row(name: str, ours_s: float, peer_s: float, goal: float) -> dict[str, Any]:
    ratio = ours_s / peer_s
    return {
        "name": name,
        "value": round(ours_s * 1000, 1),
        "unit": "ms",
        "peer": f"ast.parse of the same files: {peer_s * 1000:.0f} ms",
        "ratio": round(ratio, 3),
        "goal": f"<= {goal}",
        "met": ratio <= goal,
    }


if __name__ == "__main__":
    for row in rows():
        print(row)
