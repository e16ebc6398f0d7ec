"""`orchestrator serve`: the client's standard input and output, brought to the workspace's server.

The client's first message names the workspace. Where that is a plain `initialize`, nothing but the standard library is
loaded: the server is given the two descriptors and speaks to the client itself; this process only waits for the end, so
a message takes no detour. Everything else goes through `orchestrator.serving`, which can answer it.
"""

from __future__ import annotations

import json
import os
import re
import select
import socket
import stat
import sys
import threading
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from orchestrator.config.places import places
from orchestrator.daemon.reach import Reached, reach
from orchestrator.errors import OrchestratorError

_CHUNK_BYTES = 65_536
_FIRST_FRAME_S = 30.0
_MAX_FIRST_BYTES = 1 << 20
_header = re.compile(rb"Content-Length: (\d{1,7})\r\n\r\n").match


def run() -> int:
    """Serve the client on stdin and stdout; answers the exit code that LSP wants."""
    ahead = _first_frame()
    root = _root_of(ahead)
    if root is not None:
        try:
            return bring(root, ahead)
        except OrchestratorError:
            pass  # the long way tells the client
    from orchestrator.serving import serve_stdio  # noqa: PLC0415 - the engine is loaded where it is needed

    return serve_stdio(ahead)


def bring(root: Path, ahead: bytes) -> int:
    """Bring stdin and stdout to the server of `root`, which gets what was read `ahead` of them first.

    Answers the exit code once the connection has ended. Raises OrchestratorError before anything has been brought.
    """
    if not root.is_dir():
        raise OrchestratorError("no_such_workspace", f"{root} does not exist", "open another folder")
    has_descriptors = _is_pollable(0) and _is_pollable(1)
    reached = reach(places(root), (0, 1) if has_descriptors else None, ahead_bytes=len(ahead))
    return wait_for_end(reached, ahead, has_descriptors=has_descriptors)


def wait_for_end(reached: Reached, ahead: bytes, *, has_descriptors: bool) -> int:
    """Hand over what was read ahead, then wait until the connection has ended; the exit code.

    Without descriptors of the client at the server, bytes are copied meanwhile.
    """
    if reached.hint:
        sys.stderr.write(f"{reached.hint}\n")
    with reached.socket:
        try:
            reached.socket.sendall(ahead)
        except OSError:
            return 1
        if not has_descriptors:
            return _pump(reached.socket)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1):  # the server's copies are the only ones now: it alone decides when the client sees the end
            os.dup2(nowhere, fd)
        return _exit_code(reached.socket)


def _exit_code(connection: socket.socket) -> int:
    """What the server says at the end; 1 when it dies without a word."""
    try:
        said = connection.recv(16)
    except OSError:
        return 1
    return 0 if said.strip() == b"0" else 1


def _pump(connection: socket.socket) -> int:
    """For files and terminals, which can't be given away: copy bytes both ways."""

    def forth() -> None:
        try:
            while chunk := os.read(0, _CHUNK_BYTES):
                connection.sendall(chunk)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            return

    threading.Thread(target=forth, daemon=True).start()
    try:
        while chunk := connection.recv(_CHUNK_BYTES):
            view = memoryview(chunk)
            while view:
                view = view[os.write(1, view) :]
    except OSError:
        return 1
    return 0


def _is_pollable(fd: int) -> bool:
    mode = os.fstat(fd).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _first_frame() -> bytes:
    """What the client sends, up to the end of its first frame, or all of it that is needed to see that it is odd."""
    ahead = b""
    while True:
        found = _header(ahead)
        if found and len(ahead) >= found.end() + int(found[1]):
            return ahead
        if len(ahead) > _MAX_FIRST_BYTES or (not found and len(ahead) > 64):
            return ahead
        if ahead and _is_pollable(0) and not select.select([0], [], [], _FIRST_FRAME_S)[0]:
            return ahead
        chunk = os.read(0, _CHUNK_BYTES)
        if not chunk:
            return ahead
        ahead += chunk


def _root_of(ahead: bytes) -> Path | None:
    """The folder that a plain `initialize` names; None for anything else, which the long way looks at."""
    found = _header(ahead)
    if not found:
        return None
    try:
        message = json.loads(ahead[found.end() : found.end() + int(found[1])])
        if message["method"] != "initialize" or message["jsonrpc"] != "2.0" or type(message["id"]) not in {int, str}:
            return None
        params = cast("dict[str, Any]", message["params"])
        uris = [folder["uri"] for folder in params.get("workspaceFolders") or ()]
        for uri in (*uris, params.get("rootUri")):
            if uri and (path := _path_of(uri)):
                return path
        return Path(params["rootPath"]) if params.get("rootPath") else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _path_of(uri: str) -> Path | None:
    parts = urlsplit(uri)
    path = unquote(parts.path)
    return Path(path) if parts.scheme == "file" and path.startswith("/") and "\0" not in path else None
