"""A blocking client for commands that ask, print and end: plain JSON data, nothing but the standard library loaded."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from orchestrator import __version__
from orchestrator.client.errors import RemoteError, ServerGoneError
from orchestrator.config.places import Places, places
from orchestrator.daemon.reach import Reached, reach, running
from orchestrator.errors import OrchestratorError
from orchestrator_protocol import PROTOCOL_VERSION

if TYPE_CHECKING:
    from orchestrator_protocol.plain.asking import Ask

ANSWER_TIMEOUT_S = 900.0
"""How long an answer may take. The longest, those of delivery and undo, have deadlines of their own below it."""
LEAVE_TIMEOUT_S = 5.0
"""How long the server may take to say goodbye."""
_POLL_LOCK_S = 1.0
_MAX_HEADER_BYTES = 8_192
_MAX_BODY_BYTES = 64 << 20

Say = Callable[[str], None]


class PlainClient:
    """One connection that is asked one thing at a time. `ask` takes a method's name and params, and answers its result.

    `ask` raises RemoteError for what the server refuses, ServerGoneError when no answer comes.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._source = connection.makefile("rb")
        self._count = 0
        self.ask = cast("Ask", self._ask)

    def initialize(self, workspace: Path) -> None:
        """Open the workspace. Raises RemoteError when it can't be opened."""
        silent = {"events": False, "progress": False}
        params = {
            "processId": os.getpid(),
            "clientInfo": {"name": "orchestrator", "version": __version__},
            "rootUri": workspace.absolute().as_uri(),
            "capabilities": {"experimental": {"orchestrator": {"protocolVersion": PROTOCOL_VERSION, "show": silent}}},
        }
        self._ask("initialize", params)
        self._send({"method": "initialized", "params": {}})

    def leave(self) -> None:
        """Say goodbye; whether the server hears it makes no difference to anybody."""
        with suppress(OSError, OrchestratorError):
            self._connection.settimeout(LEAVE_TIMEOUT_S)
            self._ask("shutdown", None)
            self._send({"method": "exit"})
            while self._source.read1():
                pass
        self._source.close()

    def _ask(self, method: str, params: object) -> Any:  # noqa: ANN401 - JSON data; `ask` is typed by method
        self._count += 1
        try:
            self._send({"id": self._count, "method": method, "params": params})
            while (reply := self._receive()).get("id") != self._count or "method" in reply:
                if reply.get("id", 0) is None:
                    raise ServerGoneError(
                        f"the server gave the connection up: {RemoteError.of(reply['error']).message}"
                    )
        except TimeoutError:
            raise ServerGoneError(f"the server did not answer {method} in {ANSWER_TIMEOUT_S:.0f} s") from None
        except OSError as error:
            raise ServerGoneError(f"the connection was lost: {error.strerror}") from None
        if "error" in reply:
            raise RemoteError.of(reply["error"])
        return reply["result"]

    def _send(self, fields: dict[str, object]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **fields}).encode()
        self._connection.sendall(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def _receive(self) -> dict[str, Any]:
        """The next message. Raises ServerGoneError at the end, and for what is no frame."""
        size_bytes = -1
        while (line := self._source.readline(_MAX_HEADER_BYTES)).strip():
            name, _, value = line.partition(b":")
            if name.strip().lower() == b"content-length" and value.strip().isdigit():
                size_bytes = int(value)
        if not line:
            raise ServerGoneError("the server ended before it answered")
        if not 0 <= size_bytes <= _MAX_BODY_BYTES:
            raise ServerGoneError("the server's answer can't be read: a header without a length that fits")
        body = self._source.read(size_bytes)
        try:
            found = json.loads(body)
        except ValueError:
            raise ServerGoneError("the server's answer can't be read: it is cut off, or no JSON") from None
        return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


@contextmanager
def plain_shared(workspace: Path, say: Say) -> Generator[PlainClient]:
    """A connection to the workspace's server, which is started where none runs.

    Waits, and says so, while a server for a single client owns the workspace. Raises OrchestratorError as
    `daemon.reach` does, RemoteError when the workspace can't be opened.
    """
    with _over(workspace, _reached(places(workspace), say), say) as client:
        yield client


@contextmanager
def plain_running(where: Places) -> Generator[PlainClient | None]:
    """A connection to the server that runs for a workspace; None when there is none."""
    found = running(where)
    if found is None:
        yield None
        return
    with _over(where.root, found, lambda _hint: None) as client:
        yield client


@contextmanager
def _over(workspace: Path, found: Reached, say: Say) -> Generator[PlainClient]:
    if found.hint:
        say(found.hint)
    with found.socket as connection:
        connection.settimeout(ANSWER_TIMEOUT_S)
        client = PlainClient(connection)
        try:
            client.initialize(workspace)
            yield client
        finally:
            client.leave()


def _reached(where: Places, say: Say) -> Reached:
    is_told = False
    while True:
        try:
            return reach(where)
        except OrchestratorError as error:
            if error.code != "journal_locked":
                raise
            if not is_told:
                say(f"{error.message}; waiting for it to end (Ctrl-C to leave)")
                is_told = True
        time.sleep(_POLL_LOCK_S)
