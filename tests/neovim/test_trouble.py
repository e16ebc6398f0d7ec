"""A server that is missing, is another program, is of another version, or dies: each is said with what to do."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

from editor import ORCHESTRATOR, PLUGIN, Editor  # pyright: ignore[reportMissingImports] - beside this file
from other_server import other  # pyright: ignore[reportMissingImports] - of the end-to-end tests
from test_missions import slow  # pyright: ignore[reportMissingImports] - beside this file

Open = Callable[..., Editor]


def server_pid(state: Path) -> int:
    """The process of the workspace's server."""
    (card,) = state.glob("w/*/server.json")
    return json.loads(card.read_text())["pid"]


def test_a_missing_program_is_said_once_with_its_installation(opened: Open, workspace: Path) -> None:
    vim = opened(cmd=["no-such-orchestrator", "serve"])
    vim.edit(workspace / "names.py")
    vim.edit(workspace / "test_names.py")
    vim.command("Task anything")
    assert [line for line in vim.said if "pip install opencode-orchestrator" in line] == vim.said
    assert len(vim.said) == 1


def test_another_program_and_another_version_are_refused(opened: Open, workspace: Path) -> None:
    vim = opened(cmd=other({"result": {"capabilities": {}}}))
    vim.command("silent! TaskStatus")
    vim.hears("the program that was started is no orchestrator server")
    words = "the client speaks version 1 of the protocol, the server version 2"
    old = opened(cmd=other({"error": {"code": -32000, "message": words}}))
    old.edit(workspace / "names.py")
    old.hears(words)


def test_a_server_that_dies_is_started_again_and_the_mission_goes_on(
    opened: Open, workspace: Path, state_dir: Path
) -> None:
    vim = opened(more=slow(workspace))
    vim.command("Task write two modules")
    vim.until(lambda: vim.status() == "running", "the mission runs")
    vim.command("TaskStatus")
    vim.shows("▸ one")
    os.kill(server_pid(state_dir), signal.SIGKILL)
    vim.hears("starting it again; missions go on where they were")
    vim.until(lambda: vim.status() == "running", "the mission is taken up again")
    vim.shows("attempt 2")
    vim.command("TaskStop")
    vim.hears("stopped: write two modules")


def test_health_names_the_program_the_server_and_the_cure(opened: Open, workspace: Path) -> None:
    vim = opened()
    vim.edit(workspace / "names.py")
    vim.until(lambda: len(vim.diagnostics()) == 1, "the server works")
    vim.command("checkhealth orchestrator")
    vim.shows("connected to server")
    assert ORCHESTRATOR in vim.text()
    missing = opened(cmd=["no-such-orchestrator", "serve"])
    missing.command("checkhealth orchestrator")
    missing.shows("pip install opencode-orchestrator")


def test_nothing_is_loaded_before_it_is_needed(opened: Open, tmp_path: Path) -> None:
    vim = opened(tmp_path)
    loaded = (
        "return vim.tbl_filter(function(n) return vim.startswith(n, 'orchestrator') end, vim.tbl_keys(package.loaded))"
    )
    assert vim.lua(loaded) == []
    assert vim.lua("return vim.fn.exists(':TaskStatus')") == 2


def test_the_help_has_its_tags(opened: Open, tmp_path: Path) -> None:
    vim = opened(tmp_path)
    docs = tmp_path / "rtp" / "doc"
    docs.mkdir(parents=True)
    (docs / "orchestrator.txt").write_bytes((PLUGIN / "doc" / "orchestrator.txt").read_bytes())
    vim.command(f"helptags {docs}")
    vim.command(f"set rtp^={tmp_path / 'rtp'}")
    commands = [name for name in vim.lua("return vim.tbl_keys(vim.api.nvim_get_commands({}))") if name[:4] == "Task"]
    assert len(commands) == 12
    for topic in ("orchestrator", "orchestrator-options", *(f":{name}" for name in commands)):
        vim.command(f"help {topic}")
        vim.command("close")
