"""A server that is missing, is another program, is of another version, or dies: each is said with what to do."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from other_server import other  # pyright: ignore[reportMissingImports] - of the end-to-end tests
from worlds_vscode import Open, begun, slow  # pyright: ignore[reportMissingImports] - beside this file


def servers(state: Path, workspace: Path) -> list[int]:
    """The process of the workspace's server."""
    cards = [json.loads(card.read_text()) for card in state.glob("w/*/server.json")]
    return [card["pid"] for card in cards if str(workspace) in json.dumps(card)] or [card["pid"] for card in cards]


def test_a_missing_program_is_said_once_with_its_installation(opened: Open) -> None:
    code = opened(server_command=["no-such-orchestrator", "serve"])
    code.open("names.py")
    toast = code.toast("no-such-orchestrator was not found; install it with: pip install opencode-orchestrator")
    code.open("test_names.py")
    code.page.wait_for_timeout(500)
    assert code.page.locator(".notification-list-item").count() == 1
    code.palette("Orchestrator: Doctor")
    code.until(lambda: "Install it: pip install opencode-orchestrator" in code.text(), "the doctor's page")
    toast.get_by_role("button", name="Install").click()
    code.page.locator(".terminal-wrapper, .terminal-tabs-entry").first.wait_for()
    names = "return vscode.window.terminals.map((one) => one.name)"
    code.until(lambda: "Install Orchestrator" in code.js(names), "a terminal with the command")


def test_another_program_and_another_version_are_refused(opened: Open, workspace: Path) -> None:
    code = opened(server_command=other({"result": {"capabilities": {}}}))
    code.toast("is no orchestrator server")
    words = "the client speaks version 1 of the protocol, the server version 2"
    refusal = {"code": 1007, "message": words, "data": {"code": "protocol_mismatch", "hint": "upgrade the client"}}
    code.configure(server_command=other({"error": refusal}))
    code.toast(f"{words}; upgrade the client")
    code.configure(server_command=[sys.executable, "-c", "raise SystemExit('no such journal')"])
    code.toast("no such journal")
    code.configure(server_command=[])
    code.open("names.py")
    code.until(lambda: len(code.findings("names.py")) == 1, "the right server mends it")


def test_a_server_that_dies_is_started_again_and_the_mission_goes_on(
    opened: Open, workspace: Path, state_dir: Path
) -> None:
    code = opened(host=slow(workspace))
    begun(code, "write two modules")
    (pid,) = servers(state_dir, workspace)
    os.kill(pid, signal.SIGKILL)
    code.toast("starting it again; missions go on where they were")
    code.until(lambda: code.has_row("attempt 2"), "the mission is taken up again")
    assert code.status() == "running"
    code.palette("Orchestrator: Stop")
    code.toast("stopped: write two modules")
