"""A person at a terminal: OpenCode's terminal UI in a workspace, keys in, screens out; killed and opened again."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path

from opencode_process import PROGRAM, environment, mission_servers, until  # pyright: ignore[reportMissingImports] - beside this file
from terminal import Terminal  # pyright: ignore[reportMissingImports] - as above


class Person:
    """Screens are kept where ORCHESTRATOR_SCREENS says, for the documentation."""

    def __init__(self, home: Path, folder: Path, config: Mapping[str, object] | None = None) -> None:
        """Open OpenCode in the folder, with this configuration over the one that stands in the home."""
        self._home = home
        self.folder = folder
        self._env = environment(home, **({"OPENCODE_CONFIG_CONTENT": json.dumps(config)} if config else {}))
        self.terminal = self._open()

    def _open(self, *arguments: str) -> Terminal:
        return Terminal([str(PROGRAM), *arguments], self.folder, self._env)

    def killed_and_back(self, *, with_server: bool) -> None:
        """Kill -9 of OpenCode, and of the server at the same time; then open OpenCode where one was."""
        os.kill(self.terminal.pid, signal.SIGKILL)
        for pid in self.servers() if with_server else []:
            os.kill(pid, signal.SIGKILL)
        self.terminal.end()
        self.terminal = self._open("--continue")

    def servers(self) -> list[int]:
        """The mission servers of this home."""
        return mission_servers(self._home)

    def leave(self) -> None:
        """Close OpenCode; the mission servers end, too."""
        self.terminal.end()
        for pid in self.servers():
            os.kill(pid, signal.SIGTERM)
        until(lambda: not self.servers(), "the mission servers end")

    def sees(self, *words: str) -> str:
        """The screen, once it shows all the words."""

        def look() -> str | None:
            screen = self.terminal.screen()
            return screen if all(word in screen for word in words) else None

        return until(look, lambda: f"the screen shows {words}; it shows:\n{self.terminal.screen()}")

    def writes(self, text: str) -> None:
        """Write into the prompt. An OpenCode that has just begun loses keys: look, and write it anew."""

        def attempt() -> bool:
            self.terminal.type("\x15" + text)
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline and not self._prompts(text):
                time.sleep(0.2)
            return self._prompts(text)

        until(attempt, lambda: f"the prompt takes {text}; the screen shows:\n{self.terminal.screen()}")

    def orders(self, text: str) -> None:
        """Give a command."""
        self.writes(text)
        until(lambda: self._entered(text), lambda: f"{text} is taken; the screen shows:\n{self.terminal.screen()}")

    def _entered(self, text: str) -> bool:
        """Press Enter; whether the text is gone from the prompt. Keys that come at once are taken for a paste."""
        self.terminal.type("\r")
        time.sleep(3)
        return not self._prompts(text)

    def _prompts(self, text: str) -> bool:
        """Whether the text stands in the prompt, not only in what was said or is offered."""
        return any(line.strip().startswith(f"┃  {text}") for line in self.terminal.screen().splitlines())


def keep(name: str, screen: str) -> None:
    """For the documentation."""
    if folder := os.environ.get("ORCHESTRATOR_SCREENS"):
        (Path(folder) / f"{name}.txt").write_text(screen + "\n")
