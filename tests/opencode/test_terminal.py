"""The terminal UI under a pseudo-terminal: missions are typed, watched, sealed and stopped."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from missions import Model, workspace  # pyright: ignore[reportMissingImports] - beside this file
from opencode_process import (  # pyright: ignore[reportMissingImports] - as above
    PROGRAM,
    configuration,
    environment,
    until,
    with_plugin,
)
from terminal import Terminal  # pyright: ignore[reportMissingImports] - as above

from orchestrator.testing.provider import FakeProvider

COUNT = 10


@pytest.fixture
def terminal(provider: FakeProvider, tmp_path: Path) -> Iterator[Terminal]:
    """OpenCode in a workspace with ten parts to mend; screens are kept where ORCHESTRATOR_SCREENS says."""
    provider.policy = Model(COUNT)
    home = tmp_path / "home"
    config = configuration(provider, plugins=with_plugin())
    env = environment(home, OPENCODE_CONFIG_CONTENT=json.dumps(config))
    terminal = Terminal([str(PROGRAM)], workspace(tmp_path / "workspace", COUNT), env)
    yield terminal
    terminal.end()
    for card in (home / "state").glob("w/*/server.json"):
        os.kill(int(json.loads(card.read_text())["pid"]), 15)


def shows(terminal: Terminal, *words: str) -> str:
    """The screen, once it shows all the words."""

    def look() -> str | None:
        screen = terminal.screen()
        return screen if all(word in screen for word in words) else None

    return until(look, f"the screen shows {words}; it shows:\n{terminal.screen()}")


def write(terminal: Terminal, text: str) -> None:
    """Write into the prompt. An OpenCode that has just begun loses keys: look, and write it anew."""

    def attempt() -> bool:
        terminal.type("\x15" + text)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and text not in terminal.screen():
            time.sleep(0.2)
        return text in terminal.screen()

    until(attempt, f"the prompt takes {text}")


def enter(terminal: Terminal, text: str) -> bool:
    """Press Enter; whether the text is gone from the prompt. Keys that come at once are taken for a paste."""
    terminal.type("\r")
    time.sleep(3)
    return text not in terminal.screen()


def keep(name: str, screen: str) -> None:
    """For the documentation."""
    if folder := os.environ.get("ORCHESTRATOR_SCREENS"):
        (Path(folder) / f"{name}.txt").write_text(screen + "\n")


def running(marker: str) -> list[psutil.Process]:
    """Processes with the marker among their arguments."""
    return [process for process in psutil.process_iter(["cmdline"]) if marker in (process.info["cmdline"] or [])]


def test_missions_in_the_terminal(terminal: Terminal, provider: FakeProvider) -> None:
    shows(terminal, "Big")
    before = len(provider.calls)
    write(terminal, "/task")
    keep("commands", shows(terminal, "/task", "Give a mission to the team"))
    order(terminal, "/task mend all parts")
    keep("begun", shows(terminal, "/tasks shows how it goes"))
    keep("sealed", shows(terminal, "The whole story: orchestrator summary"))

    model = Model(COUNT)
    model.command = "sleep 300.7"
    provider.policy = model
    order(terminal, "/task mend them again")
    until(lambda: len(running("300.7")) >= 8, "the commands run")
    order(terminal, "/stop")
    keep("stopped", shows(terminal, "nothing of it runs any more"))
    assert not running("300.7")
    assert all(call.tools and all(tool.startswith("orc_") for tool in call.tools) for call in provider.calls[before:])


def order(terminal: Terminal, text: str) -> None:
    """Give a command."""
    write(terminal, text)
    until(lambda: enter(terminal, text), f"{text} is taken")
