"""A terminal as a person sees it: tmux with Neovim in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from editor import NVIM, ORCHESTRATOR, PLUGIN  # pyright: ignore[reportMissingImports] - beside this file

LIMIT_S = 120.0
UNPACKED = Path(__file__).resolve().parents[2] / "build" / "vscode" / "system" / "usr"
"""Where `make test-editors` puts a tmux when the system has none."""


def tmux() -> str | None:
    """The program, of the system or unpacked; None without one."""
    return shutil.which("tmux") or shutil.which("tmux", path=UNPACKED / "bin")


class Terminal:
    """A tmux of the test's own, with one program in it."""

    def __init__(self, argv: list[str], folder: Path, env: dict[str, str]) -> None:
        self._tmux_path = tmux() or "tmux"
        libraries = str(UNPACKED / "lib" / "x86_64-linux-gnu")
        self._env = {**env, "TMUX": "", "TERM": "screen-256color", "LC_ALL": "C.UTF-8", "LD_LIBRARY_PATH": libraries}
        self._socket = str(folder / ".opencode" / "tmux")
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", "110", "-y", "30", "-c", str(folder), *argv)

    def _tmux(self, *args: str) -> str:
        command = [self._tmux_path, "-u", "-S", self._socket, *args]
        return subprocess.run(command, env=self._env, capture_output=True, text=True, check=True).stdout

    def screen(self, *more: str) -> str:
        """What stands on the screen now."""
        return self._tmux("capture-pane", "-p", *more)

    def type(self, *keys: str) -> None:
        """Press keys, such as "Enter" or "C-c"; anything else is text."""
        self._tmux("send-keys", *keys)

    def shows(self, *parts: str) -> None:
        """Wait until all of these stand on the screen."""
        self.until(lambda: all(part in self.screen() for part in parts))

    def until(self, condition: Callable[[], object]) -> None:
        """Wait until something holds; fails with the screen."""
        deadline = time.monotonic() + LIMIT_S
        while not condition():
            assert time.monotonic() < deadline, self.screen()
            time.sleep(0.1)

    def end(self) -> None:
        """End tmux and what runs in it."""
        self._tmux("kill-server")


def neovim_in(workspace: Path, home: Path, host: str) -> Terminal:
    """A Neovim with this plugin alone, in a terminal."""
    settings = f"let g:orchestrator = {{'cmd': ['{ORCHESTRATOR}', 'serve'], 'host': '{host}'}}"
    plugin = ["--cmd", f"set rtp^={PLUGIN}", "--cmd", settings, "-c", "runtime plugin/orchestrator.lua"]
    homes = {f"XDG_{name}_HOME": str(home / name.lower()) for name in ("STATE", "CACHE", "DATA", "CONFIG")}
    argv = [NVIM, "--clean", "-n", *plugin, "-c", "filetype on | edit names.py"]
    return Terminal(argv, workspace, {**os.environ, **homes})
