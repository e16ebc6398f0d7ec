"""The handshake at the door: one line of JSON each way, before the first frame.

Both sides ask the kernel who the other is. A client may bring its standard input and output along; the server then
speaks to those, and the socket only says when client or server is gone, and at last the exit code.
"""

from __future__ import annotations

import array
import json
import os
import socket
import struct
from dataclasses import asdict, dataclass
from typing import Any, Literal, cast

MAX_LINE_BYTES = 4_096
MAX_AHEAD_BYTES = 80 << 20
"""A whole frame of the largest size, and what else may have been read with it."""
HELLO_TIMEOUT_S = 10.0
"""How long either side waits for the other's line."""

Action = Literal["open", "retire"]


@dataclass(frozen=True, slots=True)
class Hello:
    """What a client says. `open` begins a connection; `retire` asks a server that nobody uses to end.

    `has_stdio`: its input and output come along; `ahead_bytes` follow that it has read of its input already.
    """

    token: str
    version: str
    protocol: int
    action: Action
    has_stdio: bool
    ahead_bytes: int


@dataclass(frozen=True, slots=True)
class Welcome:
    """What the server answers: `is_open`, or a code and the reason why not."""

    is_open: bool
    version: str
    protocol: int
    code: str = ""
    message: str = ""
    hint: str = ""


def line_of(said: Hello | Welcome) -> bytes:
    """As it travels."""
    return json.dumps(asdict(said)).encode() + b"\n"


def read_hello(line: bytes) -> Hello | None:
    """None for what is no hello."""
    fields = _fields(line)
    kinds = {"token": str, "version": str, "protocol": int, "action": str, "has_stdio": bool, "ahead_bytes": int}
    if set(fields) != set(kinds) or not all(type(fields[name]) is kind for name, kind in kinds.items()):
        return None
    if fields["action"] not in {"open", "retire"} or not 0 <= fields["ahead_bytes"] <= MAX_AHEAD_BYTES:
        return None
    return Hello(**fields)


def read_welcome(line: bytes) -> Welcome | None:
    """None for what is no welcome; fields that a later version adds are ignored."""
    fields = _fields(line)
    try:
        return Welcome(**{name: fields[name] for name in Welcome.__dataclass_fields__ if name in fields})
    except TypeError:
        return None


def _fields(line: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(line)
    except ValueError:
        return {}
    return cast("dict[str, Any]", fields) if isinstance(fields, dict) else {}


def peer_uid(connection: socket.socket) -> int:
    """The user on the other side, as the kernel knows it."""
    packed = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return struct.unpack("3i", packed)[1]


def send_hello(connection: socket.socket, hello: Hello, stdio: tuple[int, int] | None) -> None:
    """Send the line, with the descriptors for input and output where there are some."""
    line = line_of(hello)
    if stdio is None:
        connection.sendall(line)
        return
    rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", stdio).tobytes())
    sent = connection.sendmsg([line], [rights])
    connection.sendall(line[sent:])


def receive_with_descriptors(connection: socket.socket) -> tuple[bytes, list[int]]:
    """Bytes and descriptors that came along; the latter belong to the caller. Raises OSError."""
    room = socket.CMSG_SPACE(2 * struct.calcsize("i"))
    data, control, _flags, _from = connection.recvmsg(MAX_LINE_BYTES, room, socket.MSG_CMSG_CLOEXEC)
    found: list[int] = []
    for level, kind, packed in control:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds = array.array("i")
            fds.frombytes(packed[: len(packed) - len(packed) % fds.itemsize])
            found.extend(fds)
    return data, found


def close_all(descriptors: list[int]) -> None:
    """Close descriptors that nobody wants."""
    for fd in descriptors:
        os.close(fd)
