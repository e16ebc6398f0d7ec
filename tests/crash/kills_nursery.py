"""Where the servers and clients of the kill tests come from: one process that has loaded all code and forks on request.

`python kills_nursery.py SOCKET`. Each child is a real process with the production code of the shared server, or of a
client that follows a mission; only the loading of Python is saved. A request is a line of JSON, with a descriptor for
a server that says there when it listens.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import anyio

import orchestrator.app  # noqa: F401 - loaded here, used by the children
from orchestrator.cli.following import Followed, Say, Take, follow, server_for
from orchestrator.config.places import Places
from orchestrator.daemon import start
from orchestrator.errors import OrchestratorError
from orchestrator.hosts.scripted import ScriptedHost
from orchestrator.serving import serve_workspace
from orchestrator_protocol.event import MissionEvent
from orchestrator_protocol.mission import MissionStartParams

TOLD = {"server_gone", "server_unreachable", "server_closing", "journal_locked"}
"""What a client may say when its server is killed under a request, which is never sent twice. It is not a defect."""


def append(path: str, **row: object) -> None:
    """One line, in one write, which a kill can cut between two pages."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    os.write(handle, json.dumps({**row, "at_s": time.monotonic()}).encode() + b"\n")
    os.close(handle)


def witness(path: str) -> None:
    """The host writes down every prompt that reaches it, where the server has no say."""
    real = ScriptedHost._answer

    async def answer(self: ScriptedHost, spec: Any, tools: Any, brief: Any) -> Any:
        known = {"session": spec.session_id, "task": spec.task_id, "pid": os.getpid()}
        append(path, what="begin", **known)
        reply = await real(self, spec, tools, brief)
        append(path, what="end", **known)
        return reply

    ScriptedHost._answer = answer


def be_server(request: dict[str, Any], ready_fd: int) -> int:
    """As `orchestrator.daemon.__main__`."""
    if os.fork():
        os._exit(0)
    os.setsid()
    os.chdir("/")
    os.environ.update(request["environment"])
    witness(request["witness"])
    return serve_workspace(Path(request["root"]), ready_fd)


def be_client(request: dict[str, Any], path: str) -> int:
    """Follow a mission and write down what was seen; start servers through the nursery."""
    if os.fork():
        os._exit(0)
    os.setsid()
    os.environ.update(request["environment"])
    start.start_server = partial(start_through, path, request)
    seen = request["seen"]
    append(seen, what="pid", pid=os.getpid())

    def take(event: MissionEvent) -> None:
        append(seen, what="event", event=event.model_dump(mode="json", by_alias=True))

    def say(text: str) -> None:
        append(seen, what="said", text=text)

    done = anyio.run(_run_mission, request, take, say)
    append(seen, what="status", status=done.status.status, mission_id=done.status.mission_id)
    return 0


async def _run_mission(request: dict[str, Any], take: Take, say: Say) -> Followed:
    """As `orchestrator run`: start the mission, or find it by its key, and follow it to its end."""
    params = MissionStartParams(text="a mission", host=request["host"], key=request["key"], trust=True)
    root = Path(request["root"])
    async with server_for(root, say) as client:
        mission_id = (await client.request(params)).mission_id
    return await follow(root, mission_id, [], take=take, say=say)


def start_through(path: str, request: dict[str, Any], where: Places, timeout_s: float) -> None:
    """In place of `daemon.start.start_server`."""
    reading, writing = os.pipe()
    ask(path, {**request, "what": "server", "root": str(where.root)}, writing)
    os.close(writing)
    try:
        said = start._words(reading, time.monotonic() + timeout_s)
    finally:
        os.close(reading)
    start._judge(said, timeout_s)


def ask(path: str, request: dict[str, Any], *descriptors: int) -> None:
    """Send the nursery a request."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(path)
        socket.send_fds(connection, [json.dumps(request).encode() + b"\n"], list(descriptors))
        connection.recv(1)


def _child(request: dict[str, Any], descriptors: list[int], path: str) -> None:
    """A child's whole life."""
    code = 70
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        code = be_server(request, descriptors[0]) if request["what"] == "server" else be_client(request, path)
    except BaseException as error:  # noqa: BLE001 - the last word of a process
        first = error
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        is_told = isinstance(first, OrchestratorError) and first.code in TOLD
        append(request["seen"], what="left" if is_told else "failed", error=f"{type(first).__name__}: {first}")
    finally:
        os._exit(code)


def main() -> int:
    """Serve until the descriptor on standard input ends."""
    path = sys.argv[1]
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    listener.listen(32)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        connection, _ = listener.accept()
        data, descriptors, _, _ = socket.recv_fds(connection, 65_536, 4)
        if data == b"end\n":
            return 0
        if not data:  # whoever asked was killed before it said what for
            connection.close()
            continue
        if os.fork() == 0:
            listener.close()
            connection.close()
            _child(json.loads(data), descriptors, path)
        for descriptor in descriptors:
            os.close(descriptor)
        with suppress(OSError):  # whoever asked may have been killed meanwhile
            connection.send(b".")
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
