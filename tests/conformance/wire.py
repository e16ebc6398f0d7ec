"""A raw client for tests: sends bytes, reads frames, knows nothing of the rooms under test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from queue import Empty, Queue
from typing import Any

SERVER = [sys.executable, str(Path(__file__).with_name("fake_server.py"))]


def framed(message: object) -> bytes:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def request(request_id: object, method: str, params: object = None) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}


def note(method: str, params: object = None) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": method, "params": params}


class Wire:
    """One server process. Frames that arrive wait in a queue; None marks the end of its output."""

    def __init__(
        self, argv: list[str] | None = None, env: dict[str, str] | None = None, *, is_reading: bool = True
    ) -> None:
        self.process = subprocess.Popen(
            argv or SERVER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **(env or {})},
            bufsize=0,
        )
        assert self.process.stdin and self.process.stdout and self.process.stderr
        self.stdin, self.stdout, self.errors = self.process.stdin, self.process.stdout, self.process.stderr
        self._frames: Queue[dict[str, Any] | None] = Queue()
        self._kept: list[dict[str, Any]] = []
        self.stderr = b""
        self._threads = [threading.Thread(target=self._read_stderr, daemon=True)]
        if is_reading:
            self._threads.append(threading.Thread(target=self._read, daemon=True))
        for thread in self._threads:
            thread.start()

    def _read(self) -> None:
        stream = os.fdopen(os.dup(self.stdout.fileno()), "rb")
        with stream:
            while header := stream.readline():
                size = int(header.split(b":")[1])
                stream.readline()
                self._frames.put(json.loads(stream.read(size)))
        self._frames.put(None)

    def _read_stderr(self) -> None:
        while chunk := os.read(self.errors.fileno(), 65_536):
            self.stderr = (self.stderr + chunk)[-1_000_000:]

    def has_logged(self, words: bytes, timeout_s: float = 10.0) -> bool:
        """Whether these words come on stderr, which another thread reads, in time."""
        end = time.monotonic() + timeout_s
        while words not in self.stderr:
            if time.monotonic() > end:
                return False
            time.sleep(0.01)
        return True

    def send(self, *messages: object) -> None:
        self.raw(b"".join(framed(m) for m in messages))

    def raw(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self.stdin.write(view) :]

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

    def matching(self, wanted, timeout_s: float = 10.0) -> dict[str, Any]:
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
        params = {"processId": os.getpid(), "rootUri": root.as_uri() if root else None, "capabilities": {}, **more}
        reply = self.call("init", "initialize", params)
        self.send(note("initialized", {}))
        return reply

    def forget(self) -> None:
        """Drop the frames that were kept."""
        self._kept.clear()

    def rest(self, timeout_s: float = 20.0) -> list[dict[str, Any]]:
        """End the input; every frame until the server ends its output."""
        self.stdin.close()
        frames: list[dict[str, Any]] = []
        while (frame := self.next(timeout_s)) is not None:
            frames.append(frame)
        return frames

    def close(self) -> int:
        """End the process, and reap it."""
        if not self.stdin.closed:
            self.stdin.close()
        try:
            code = self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        for thread in self._threads:
            thread.join(5)
        self.stdout.close()
        self.errors.close()
        return code
