"""`--host opencode`: the server starts an OpenCode by itself, without anybody in front of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import pytest
from missions import Model, workspace  # pyright: ignore[reportMissingImports] - beside this file
from opencode_process import (  # pyright: ignore[reportMissingImports] - as above
    PATIENCE_S,
    PROGRAM,
    configuration,
    environment,
    mission_servers,
    running,
    until,
)
from striking import TROUBLES, Striking  # pyright: ignore[reportMissingImports] - as above

from orchestrator.testing.provider import FakeProvider

COUNT = 10


def headless(home: Path) -> list[psutil.Process]:
    """The OpenCodes that were started for this home."""
    found = psutil.process_iter(["cmdline", "environ"])
    ours = [process for process in found if (process.info["cmdline"] or [""])[0] == str(PROGRAM)]
    return [process for process in ours if (process.info["environ"] or {}).get("HOME") == str(home)]


def started(env: Mapping[str, str], folder: Path, *words: str) -> subprocess.Popen[str]:
    """The command line with these words, in the workspace."""
    argv = [sys.executable, "-m", "orchestrator", *words, "--workspace", str(folder)]
    return subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def said(command: subprocess.Popen[str], code: int) -> str:
    """What a command says, which must end with this code."""
    output, _ = command.communicate(timeout=PATIENCE_S)
    assert command.returncode == code, output
    return output


def mended(folder: Path, count: int) -> bool:
    """Whether all parts are right."""
    return all("value * 2" in (folder / f"part{n}.py").read_text() for n in range(count))


@pytest.fixture
def env(provider: FakeProvider, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a shell with OpenCode on its PATH; the servers end with the test, and their OpenCodes."""
    home = tmp_path / "home"
    env = environment(home, OPENCODE_CONFIG_CONTENT=json.dumps(configuration(provider)))
    yield env | {"PATH": f"{PROGRAM.parent}{os.pathsep}{env['PATH']}"}
    for pid in mission_servers(home):
        os.kill(pid, 9)
    until(lambda: not headless(home), "the OpenCode ends with the server that started it")


def test_missions_from_the_shell_run_in_an_opencode_of_their_own(
    provider: FakeProvider, env: dict[str, str], tmp_path: Path
) -> None:
    provider.policy = Model(COUNT)
    folder = workspace(tmp_path / "workspace", COUNT)
    said(started(env, folder, "run", "mend all parts", "--host", "opencode"), 0)
    assert mended(folder, COUNT)
    assert len(headless(tmp_path / "home")) == 1

    model = provider.policy = Model(COUNT)
    model.command = "sleep 300.9"
    mission = started(env, folder, "run", "mend them again", "--host", "opencode")
    until(lambda: len(running("300.9")) == COUNT, "the commands run")
    assert "is stopped" in said(started(env, folder, "stop"), 0)
    assert not running("300.9")
    said(mission, 1)


def test_troubles_and_kill_9_of_the_headless_opencode_and_of_its_server(
    provider: FakeProvider, env: dict[str, str], tmp_path: Path
) -> None:
    """First its provider is in trouble, then it is killed, then the server (and with it the next OpenCode)."""
    home, folder = tmp_path / "home", workspace(tmp_path / "workspace", len(TROUBLES))
    model = provider.policy = Model(len(TROUBLES))
    model.command = "sleep 300.91"
    strike = model.strike = Striking(TROUBLES)
    mission = started(env, folder, "run", "mend all parts", "--host", "opencode")
    until(lambda: len(running("300.91")) == len(TROUBLES), "the commands run, in spite of the troubles")
    assert len(strike.struck) == len(TROUBLES)

    (first,) = headless(home)
    model.command = "sleep 300.92"
    first.kill()
    until(lambda: len(running("300.92")) >= 2, "sessions have begun anew in another OpenCode")
    assert headless(home) not in ([], [first])
    assert not running("300.91")

    model.command = "true"
    (server,) = mission_servers(home)
    os.kill(server, 9)
    said(mission, 0)
    assert mended(folder, len(TROUBLES))
    assert mission_servers(home) not in ([], [server])
    assert not running("300.92")
    assert "intact" in said(started(env, folder, "audit"), 0)
