"""A raw client for tests: sends bytes, reads frames, knows nothing of the rooms under test."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from counting import COUNTS

from orchestrator.config.places import places
from orchestrator.daemon.reach import reach

FAKE = str(Path(__file__).with_name("fake_server.py"))
SERVER = [sys.executable, FAKE]
PROXY = [sys.executable, "-m", "orchestrator", "serve"]
TRANSPORTS = ("stdio", "proxy", "socket")
"""In the client's own process; a shared server through `orchestrator serve`; the shared server's socket itself."""


def framed(message: object) -> bytes:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def request(request_id: object, method: str, params: object = None) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}


def is_usable(request_id: object) -> bool:
    """Whether an answer can carry this id; where it can't, the answer has none."""
    if isinstance(request_id, bool):
        return False
    if isinstance(request_id, int):
        return -(1 << 63) <= request_id < 1 << 63
    return isinstance(request_id, str) and len(request_id) <= 1_024


def note(method: str, params: object = None) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": method, "params": params}


class Output:
    """What a process says on stderr, read by a thread."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stderr
        self._stream = process.stderr
        self.text = b""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while chunk := os.read(self._stream.fileno(), 65_536):
            self.text = (self.text + chunk)[-1_000_000:]

    def close(self) -> None:
        self._thread.join(5)
        self._stream.close()


class Shared:
    """A shared server for one folder, in a state directory of its own; with the fake service if no other is named."""

    def __init__(
        self, root: Path, state: Path, env: dict[str, str] | None = None, argv: list[str] | None = None
    ) -> None:
        self.root = root
        self.env = {"ORCHESTRATOR_STATE_DIR": str(state), **(env or {})}
        self.process = subprocess.Popen(
            argv or [*SERVER, str(root)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **self.env}
        )
        self.output = Output(self.process)
        assert self.process.stdout
        assert b"ready" in self.process.stdout.readline(), self.output.text.decode()

    def close(self) -> None:
        has_crashed = self.process.poll() not in {None, 0, -signal.SIGKILL}  # SIGKILL is a test's
        COUNTS["proxy", "crashes"] += has_crashed
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.output.close()
        assert self.process.stdout
        self.process.stdout.close()


FLOODING = {
    "text": "diff 60000",
    "host": "builtin",
    "delivery": "apply",
    "approval": "never",
    "budget": {"tokens": 9, "moneyUsd": 9.0, "turns": 9, "toolCalls": 9, "wallTimeS": 9.0},
}
"""A mission with a huge diff. Nothing is left out, so no configuration is read before it starts."""


class Wire:
    """One connection. Frames that arrive wait in a queue; None marks the end of the server's output.

    With a shared server, every folder that exists stands for the one folder that it serves.
    """

    def __init__(
        self,
        argv: list[str] | None = None,
        env: dict[str, str] | None = None,
        *,
        is_reading: bool = True,
        server: Shared | None = None,
        is_socket: bool = False,
    ) -> None:
        self.server = server
        self.transport = "socket" if is_socket else "proxy" if server or argv == PROXY else "stdio"
        self.due: Counter[object] = Counter()
        """Requests without an answer, by id."""
        self.is_cut_off = not is_reading
        """Whether nobody can be answered here, because the test does not read, or kills the server."""
        self.process: subprocess.Popen[bytes] | None = None
        self._frames: Queue[dict[str, Any] | None] = Queue()
        self._kept: list[dict[str, Any]] = []
        self._is_open = True
        if server and is_socket:
            before = dict(os.environ)
            os.environ.update(server.env)
            try:
                self._socket = reach(places(server.root)).socket
            finally:
                os.environ.clear()
                os.environ.update(before)
            self._in_fd = self._out_fd = self._socket.fileno()
            self._output = server.output
        else:
            self._socket = None
            self.process = subprocess.Popen(
                argv or (PROXY if server else SERVER),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, **(server.env if server else {}), **(env or {})},
                bufsize=0,
            )
            assert self.process.stdin and self.process.stdout
            self._in_fd, self._out_fd = self.process.stdin.fileno(), self.process.stdout.fileno()
            self._output = Output(self.process)
        self._thread = threading.Thread(target=self._read, daemon=True)
        if is_reading:
            self.start_reading()

    def start_reading(self) -> None:
        """Read frames from now on."""
        self._thread.start()

    def _read(self) -> None:
        stream = os.fdopen(os.dup(self._out_fd), "rb")
        with stream:
            try:
                while header := stream.readline():
                    size = int(header.split(b":")[1])
                    stream.readline()
                    self._frames.put(self._counted(json.loads(stream.read(size))))
            except (OSError, ValueError):
                pass
        self._frames.put(None)

    def _counted(self, frame: dict[str, Any]) -> dict[str, Any]:
        found = frame.get("id")
        if "method" not in frame and self.due[found] > 0:
            self.due[found] -= 1
            self.count(replies=1)
        return frame

    def count(self, **more: int) -> None:
        """Add to what is known of this transport."""
        COUNTS.update({(self.transport, name): number for name, number in more.items()})

    @property
    def stderr(self) -> bytes:
        """What the server has logged."""
        return self.server.output.text if self.server else self._output.text

    @property
    def said(self) -> bytes:
        """What the process that was started for this client has said on stderr."""
        return self._output.text

    @property
    def server_pid(self) -> int:
        """The process that serves."""
        process = self.server.process if self.server else self.process
        assert process
        return process.pid

    def has_logged(self, words: bytes, timeout_s: float = 10.0) -> bool:
        """Whether the server logs these words in time."""
        end = time.monotonic() + timeout_s
        while words not in self.stderr:
            if time.monotonic() > end:
                return False
            time.sleep(0.01)
        return True

    def has_ended(self, code: int, timeout_s: float = 10.0) -> bool:
        """Whether the server's output ends in time, and what was started, if anything was, ends with this code."""
        while self.next(timeout_s) is not None:
            pass
        return self.process is None or self.process.wait(timeout_s) == code

    def end_server(self) -> None:
        """SIGTERM for the server."""
        os.kill(self.server_pid, signal.SIGTERM)

    def send(self, *messages: object) -> None:
        asked = [m["id"] for m in messages if isinstance(m, dict) and "method" in m and is_usable(m.get("id"))]
        self.due.update(asked)
        self.count(requests=len(asked))
        self.raw(b"".join(framed(m) for m in messages))

    def raw(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._in_fd, view) :]

    def next(self, timeout_s: float = 10.0) -> dict[str, Any] | None:
        """The next frame; None at the end of the output. Raises TimeoutError."""
        if self._kept:
            return self._kept.pop(0)
        try:
            return self._frames.get(timeout=timeout_s)
        except Empty:
            raise TimeoutError("no frame came") from None

    def reply(self, request_id: object, timeout_s: float = 10.0) -> dict[str, Any]:
        return self.matching(lambda m: m.get("id") == request_id and "method" not in m, timeout_s)

    def matching(self, wanted: Callable[[dict[str, Any]], bool], timeout_s: float = 10.0) -> dict[str, Any]:
        """The first frame that is wanted; others before it are kept."""
        seen: list[dict[str, Any]] = []
        try:
            while True:
                frame = self.next(timeout_s)
                assert frame is not None, self.stderr.decode()[-2_000:]
                if wanted(frame):
                    return frame
                seen.append(frame)
        finally:
            self._kept = seen + self._kept

    def call(self, request_id: object, method: str, params: object = None) -> dict[str, Any]:
        self.send(request(request_id, method, params))
        return self.reply(request_id)

    def initialize(self, root: Path | None, **more: object) -> dict[str, Any]:
        root = self.server.root if self.server and root and root.is_dir() else root
        params = {"processId": os.getpid(), "rootUri": root.as_uri() if root else None, "capabilities": {}, **more}
        self.send(request("init", "initialize", params))
        reply = self.reply("init", 30)
        self.send(note("initialized", {}))
        return reply

    def forget(self) -> None:
        """Drop the frames that were kept."""
        self._kept.clear()

    def close_input(self) -> None:
        """The client closes its side."""
        if not self._is_open:
            return
        self._is_open = False
        if self._socket:
            try:
                self._socket.shutdown(1)
            except OSError:
                return
        elif self.process and self.process.stdin:
            self.process.stdin.close()

    def rest(self, timeout_s: float = 20.0) -> list[dict[str, Any]]:
        """End the input; every frame until the server ends its output."""
        self.close_input()
        frames: list[dict[str, Any]] = []
        while (frame := self.next(timeout_s)) is not None:
            frames.append(frame)
        return frames

    def close(self) -> None:
        """End the connection and what was started for it, and reap it."""
        self.close_input()
        if self.process:
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self._output.close()
        if self._thread.ident:
            self._thread.join(5)
        if self._socket:
            self._socket.close()
        elif self.process and self.process.stdout:
            self.process.stdout.close()
        left = sum(number for number in self.due.values() if number > 0)
        has_crashed = bool(self.process) and self.process.returncode not in {0, 1, -signal.SIGKILL}
        if self.is_cut_off:
            self.count(requests=-left)
        else:
            self.count(unanswered=left, crashes=int(has_crashed))
        self.due.clear()
