"""`--host opencode`: the server starts an OpenCode by itself, without anybody in front of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psutil
from missions import Model, workspace  # pyright: ignore[reportMissingImports] - beside this file
from opencode_process import PATIENCE_S, PROGRAM, configuration, environment, until  # pyright: ignore[reportMissingImports] - as above

from orchestrator.testing.provider import FakeProvider

COUNT = 10


def headless(home: Path) -> list[psutil.Process]:
    """The OpenCodes that were started for this home."""
    found = psutil.process_iter(["cmdline", "environ"])
    ours = [process for process in found if (process.info["cmdline"] or [""])[0] == str(PROGRAM)]
    return [process for process in ours if (process.info["environ"] or {}).get("HOME") == str(home)]


def running(marker: str) -> list[psutil.Process]:
    """Processes with the marker among their arguments."""
    return [process for process in psutil.process_iter(["cmdline"]) if marker in (process.info["cmdline"] or [])]


def started(env: Mapping[str, str], folder: Path, *words: str) -> subprocess.Popen[str]:
    """The command line with these words, in the workspace."""
    argv = [sys.executable, "-m", "orchestrator", *words, "--workspace", str(folder)]
    return subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def said(command: subprocess.Popen[str], code: int) -> str:
    """What a command says, which must end with this code."""
    output, _ = command.communicate(timeout=PATIENCE_S)
    assert command.returncode == code, output
    return output


def test_missions_from_the_shell_run_in_an_opencode_of_their_own(provider: FakeProvider, tmp_path: Path) -> None:
    provider.policy = Model(COUNT)
    home, folder = tmp_path / "home", workspace(tmp_path / "workspace", COUNT)
    env = environment(home, OPENCODE_CONFIG_CONTENT=json.dumps(configuration(provider)))
    env |= {"PATH": f"{PROGRAM.parent}{os.pathsep}{env['PATH']}"}
    said(started(env, folder, "run", "mend all parts", "--host", "opencode"), 0)
    assert all("value * 2" in (folder / f"part{n}.py").read_text() for n in range(COUNT))
    assert len(headless(home)) == 1

    model = provider.policy = Model(COUNT)
    model.command = "sleep 300.9"
    mission = started(env, folder, "run", "mend them again", "--host", "opencode")
    until(lambda: len(running("300.9")) >= COUNT - 2, "the commands run")
    assert "is stopped" in said(started(env, folder, "stop"), 0)
    assert not running("300.9")
    said(mission, 1)

    card = json.loads(next((home / "state").glob("w/*/server.json")).read_text())
    os.kill(int(card["pid"]), 9)
    until(lambda: not headless(home), "the OpenCode ends with the server that started it")
