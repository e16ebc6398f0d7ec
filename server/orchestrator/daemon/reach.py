"""Getting a connection to a workspace's server, which is started where none runs."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import socket
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from orchestrator import __version__
from orchestrator.config.places import Places
from orchestrator.daemon.address import Address, address, check_owner
from orchestrator.daemon.card import Card, read_card
from orchestrator.daemon.hello import (
    HELLO_TIMEOUT_S,
    MAX_LINE_BYTES,
    Action,
    Hello,
    Welcome,
    peer_uid,
    read_welcome,
    send_hello,
)
from orchestrator.errors import OrchestratorError
from orchestrator_protocol import PROTOCOL_VERSION

REACH_TIMEOUT_S = 60.0
"""How long it may take until a connection stands, with the start of a server."""
_RETRY_S = 0.02


@dataclass(slots=True)
class Reached:
    """A connection that the server has opened. `hint` is what the person should know ("" for nothing)."""

    socket: socket.socket
    pid: int
    hint: str = ""


@dataclass(frozen=True, slots=True)
class _Caller:
    """Who wants in."""

    version: str
    stdio: tuple[int, int] | None = None
    ahead_bytes: int = 0


def reach(
    where: Places, stdio: tuple[int, int] | None = None, *, ahead_bytes: int = 0, version: str = __version__
) -> Reached:
    """Connect to the workspace's server, starting one where none runs.

    With `stdio` it will speak to those descriptors, after `ahead_bytes` that the caller sends over the socket first.

    Raises OrchestratorError: `server_unreachable`, `socket_unsafe`, `server_outdated`, `protocol_mismatch`,
    `network_state_dir`, and what a server says that can't open the workspace, such as `journal_locked`.
    """
    if not hasattr(socket, "AF_UNIX") or os.name == "nt":
        raise OrchestratorError("server_unreachable", "a shared server is not supported yet on this system")
    deadline_s = time.monotonic() + REACH_TIMEOUT_S
    place, caller = address(where), _Caller(version, stdio, ahead_bytes)
    while True:
        if found := _existing(place, caller):
            return found
        with _starting(place, deadline_s):
            if found := _existing(place, caller):
                return found
            from orchestrator.daemon.start import start_server  # noqa: PLC0415 - most clients find a server that runs

            start_server(where, max(1.0, deadline_s - time.monotonic()))
        if time.monotonic() > deadline_s:
            raise OrchestratorError(
                "server_unreachable", f"no server of {where.root} answered in {REACH_TIMEOUT_S:g} s"
            )


def running(where: Places) -> Reached | None:
    """A connection to the server that runs now; None when there is none. Never starts one. Raises as `reach`."""
    return _existing(address(where), _Caller(__version__))


def _existing(place: Address, caller: _Caller) -> Reached | None:
    """A connection to the server that runs; None when there is none, or none any more."""
    card = read_card(place.card)
    if card is None:
        return None
    hint = ""
    if _is_newer(caller.version, card.version):
        if _retire(place, card, caller.version):
            return None
        hint = (
            f"an older server ({card.version}) runs for this workspace and is in use; you have {caller.version}: "
            "it is replaced once its missions have ended and all clients have left"
        )
    if card.protocol != PROTOCOL_VERSION:
        code = "server_outdated" if card.protocol < PROTOCOL_VERSION else "protocol_mismatch"
        advice = "let its missions end and its clients leave" if code == "server_outdated" else "upgrade this client"
        raise OrchestratorError(
            code, f"the server here speaks version {card.protocol} of the protocol, not {PROTOCOL_VERSION}", advice
        )
    answered = _say(card, "open", caller)
    if answered is None:
        return None
    connection, welcome = answered
    if not welcome.is_open:
        connection.close()
        if welcome.code == "server_closing":
            time.sleep(_RETRY_S)
            return None
        raise OrchestratorError(welcome.code or "server_unreachable", welcome.message, welcome.hint)
    return Reached(connection, card.pid, hint)


def _retire(place: Address, card: Card, version: str) -> bool:
    """Ask an older server to end. True when it is gone, False when it is in use."""
    answered = _say(card, "retire", _Caller(version))
    if answered is None:
        return True
    connection, welcome = answered
    with connection:
        if not welcome.is_open:
            return False
        connection.settimeout(HELLO_TIMEOUT_S)
        with contextlib.suppress(OSError):
            connection.recv(1)  # the end of the stream: it has let go
    until_s = time.monotonic() + HELLO_TIMEOUT_S
    while read_card(place.card) == card and time.monotonic() < until_s:
        time.sleep(_RETRY_S)
    return True


def _say(card: Card, action: Action, caller: _Caller) -> tuple[socket.socket, Welcome] | None:
    """Connect and shake hands; None when nobody is there. Raises OrchestratorError `socket_unsafe`."""
    path = Path(card.socket)
    check_owner(path)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(HELLO_TIMEOUT_S)
        connection.connect(str(path))
        _check_listener(connection, path)
        has_stdio = caller.stdio is not None
        hello = Hello(card.token, caller.version, PROTOCOL_VERSION, action, has_stdio, caller.ahead_bytes)
        send_hello(connection, hello, caller.stdio)
        welcome = read_welcome(_line(connection))
    except OSError:
        connection.close()
        return None
    except BaseException:
        connection.close()
        raise
    if welcome is None:
        connection.close()
        return None
    connection.settimeout(None)
    return connection, welcome


def _check_listener(connection: socket.socket, path: Path) -> None:
    if peer_uid(connection) != os.getuid():
        raise OrchestratorError("socket_unsafe", f"another user listens on {path}", "remove that socket")


def _line(connection: socket.socket) -> bytes:
    """One line, byte by byte: what follows it is not ours."""
    line = bytearray()
    while not line.endswith(b"\n") and len(line) < MAX_LINE_BYTES:
        byte = connection.recv(1)
        if not byte:
            break
        line += byte
    return bytes(line)


@contextlib.contextmanager
def _starting(place: Address, deadline_s: float) -> Generator[None]:
    """Only one client at a time starts a server."""
    try:
        place.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(place.start_lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        message = f"the state directory {place.state} can't be used: {error.strerror}"
        raise OrchestratorError("server_unreachable", message, "check ORCHESTRATOR_STATE_DIR and its disk") from None
    try:
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline_s:
                    message = "another client has been starting the server for too long"
                    raise OrchestratorError("server_unreachable", message, "look into the server's log") from None
                time.sleep(_RETRY_S)
        yield
    finally:
        os.close(fd)


def _is_newer(version: str, other: str) -> bool:
    return _numbers(version) > _numbers(other)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:4])
