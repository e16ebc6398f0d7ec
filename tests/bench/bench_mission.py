"""A whole mission: how far its time is from the bound that its task graph allows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

TASKS = 40
DURATION_S = 2.0


def rows() -> list[dict[str, Any]]:
    """Forty independent tasks of two seconds on fifty slots: the bound is the planner's answer and one task."""
    with tempfile.TemporaryDirectory() as folder:
        duration_s = _play(Path(folder))
    bound_s = 2 * DURATION_S
    return [
        {
            "name": f"mission of {TASKS} parallel tasks of {DURATION_S:.0f} s, start of the command to its end",
            "value": duration_s,
            "unit": "s",
            "peer": f"bound {bound_s:.0f} s",
            "ratio": duration_s / bound_s,
            "goal": "<= 2",
            "met": duration_s / bound_s <= 2,
        }
    ]


def _play(folder: Path) -> float:
    workspace = folder / "workspace"
    workspace.mkdir()
    (workspace / "README.md").write_text("a workspace\n")
    tasks = [{"id": f"t{n}", "title": f"t{n}", "why": "bench", "write_set": [f"t{n}.txt"]} for n in range(TASKS)]
    write = {"write": {"path": "${path}", "content": "${task}\n", "is_template": True}}
    script = folder / "script.json"
    script.write_text(
        json.dumps(
            {
                "seed": 1,
                "defaults": {"duration_s": DURATION_S, "worker": [{"actions": [write]}]},
                "planner": [{"plan": {"tasks": tasks}}],
            }
        )
    )
    command = [
        sys.executable,
        "-m",
        "orchestrator",
        "run",
        "bench",
        "-w",
        str(workspace),
        "--host",
        f"scripted:{script}",
    ]
    begin = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=dict(os.environ))
    if done.returncode != 3:  # nothing is declared that could seal it
        raise RuntimeError(f"exit {done.returncode}: {done.stderr[-500:]}{done.stdout[-500:]}")
    return time.monotonic() - begin
