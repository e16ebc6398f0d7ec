"""`--host opencode`: the server starts an OpenCode by itself, without anybody in front of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
from missions import Model, workspace  # pyright: ignore[reportMissingImports] - beside this file
from opencode_process import PROGRAM, configuration, environment, until  # pyright: ignore[reportMissingImports] - beside this file

from orchestrator.testing.provider import FakeProvider


def headless(home: Path) -> list[psutil.Process]:
    """The OpenCodes that were started for this home."""
    found = psutil.process_iter(["cmdline", "environ"])
    ours = [process for process in found if (process.info["cmdline"] or [""])[0] == str(PROGRAM)]
    return [process for process in ours if (process.info["environ"] or {}).get("HOME") == str(home)]


def test_a_mission_from_the_shell_runs_in_an_opencode_of_its_own(provider: FakeProvider, tmp_path: Path) -> None:
    provider.policy = Model(3)
    home, folder = tmp_path / "home", workspace(tmp_path / "workspace", 3)
    env = environment(home, OPENCODE_CONFIG_CONTENT=json.dumps(configuration(provider)))
    env |= {"PATH": f"{PROGRAM.parent}{os.pathsep}{env['PATH']}"}
    command = [
        sys.executable,
        "-m",
        "orchestrator",
        "run",
        "mend all parts",
        "--host",
        "opencode",
        "--workspace",
        str(folder),
    ]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "value * 2" in (folder / "part2.py").read_text()
    assert len(headless(home)) == 1
    card = json.loads(next((home / "state").glob("w/*/server.json")).read_text())
    os.kill(int(card["pid"]), 9)
    until(lambda: not headless(home), "the OpenCode ends with the server that started it")
