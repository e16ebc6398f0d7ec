"""A program under a pseudo-terminal: keys in, its screen out."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import struct
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyte

ROWS, COLUMNS = 40, 120
_ANSWERS = {b"\x1b[6n": b"\x1b[1;1R", b"\x1b[c": b"\x1b[?62;c", b"\x1b[?u": b"\x1b[?0u"}


class Terminal:
    """One program. A thread reads what it draws, and answers what terminals are asked."""

    def __init__(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> None:
        """Start it."""
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            full = {**env, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
            os.execve(argv[0], list(argv), full)  # noqa: S606 - no shell is wanted
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
        self._ended = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while not self._ended.is_set():
            with contextlib.suppress(OSError, ValueError):
                if not select.select([self._fd], [], [], 0.1)[0]:
                    continue
            try:
                data = os.read(self._fd, 65_536)
            except OSError:
                return
            for asked, answer in _ANSWERS.items():
                if asked in data:
                    os.write(self._fd, answer)
            with self._lock, contextlib.suppress(Exception):  # what this emulator does not know is not drawn
                self._stream.feed(data)

    def screen(self) -> str:
        """What stands on the screen now."""
        with self._lock:
            return "\n".join(line.rstrip() for line in self._screen.display).strip("\n")

    def type(self, text: str) -> None:
        """Press keys, as a person does: not all in one moment."""
        for character in text:
            os.write(self._fd, character.encode())
            time.sleep(0.02)

    def end(self) -> None:
        """Kill it; twice is once."""
        if self._ended.is_set():
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, 15)
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                break
            time.sleep(0.05)
        else:
            os.kill(self.pid, 9)
            os.waitpid(self.pid, 0)
        self._ended.set()
