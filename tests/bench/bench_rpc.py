"""The wire: round trips, events to several clients at once, and what a start costs.

Round trips: a typed request of ours against raw msgspec loops that answer the same bytes. Every server is a process of
its own; one client, plain blocking writes and reads, measures them in turns, so that what differs is the server alone.
The peers decode, look the method up and encode; they validate nothing.

The peer with a goal reads its pipe with asyncio, because a server must: it has several clients, timers, missions and
cancellations to wait for at once, and a loop that blocks in `read` can do none of that. What the event loop itself
costs is in rows of their own against a blocking loop, without a goal: no server that does anything beside can reach it.

Starts are CPU seconds (user and system) of the processes that were started for it, so that other work on the machine
does not count.
"""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from orchestrator.config.places import places
from orchestrator.daemon.card import read_card
from orchestrator.daemon.reach import reach

ROUNDS = 20
CALLS = 100
EVENTS = 30_000
CLIENTS = 3
STARTS = 5
_SERVER = str(Path(__file__).parents[1] / "conformance" / "fake_server.py")
_SERVE = [sys.executable, "-m", "orchestrator", "serve"]

_PEER = """
import asyncio, sys, msgspec
async def main():
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, sys.stdout)
    writer = asyncio.StreamWriter(transport, protocol, reader, loop)
    result = None
    while line := await reader.readline():
        await reader.readline()
        request = msgspec.json.decode(await reader.readexactly(int(line[16:])))
        if request["method"] == "set":
            result = request["params"]
        body = msgspec.json.encode({"jsonrpc": "2.0", "id": request["id"], "result": result})
        writer.write(b"Content-Length: %d\\r\\n\\r\\n%b" % (len(body), body))
        await writer.drain()
asyncio.run(main())
"""
_BLOCKING_PEER = """
import sys, msgspec
read, write = sys.stdin.buffer, sys.stdout.buffer
result = None
while line := read.readline():
    read.readline()
    request = msgspec.json.decode(read.read(int(line[16:])))
    if request["method"] == "set":
        result = request["params"]
    body = msgspec.json.encode({"jsonrpc": "2.0", "id": request["id"], "result": result})
    write.write(b"Content-Length: %d\\r\\n\\r\\n%b" % (len(body), body))
    write.flush()
"""


def _frame(body: object) -> bytes:
    data = json.dumps(body).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(data), data)


def _hello(root: Path) -> bytes:
    params = {"rootUri": root.as_uri(), "capabilities": {}}
    return _frame({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params})


class _Caller:
    """Blocking request and reply."""

    def __init__(self, argv: list[str], env: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **(env or {})},
        )

    def call(self, method: str, params: object) -> Any:
        self.send(_frame({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))
        while "id" not in (reply := json.loads(self.receive())):
            pass
        return reply["result"]

    def send(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def receive(self) -> bytes:
        assert self.process.stdout is not None
        size = int(self.process.stdout.readline()[16:])
        self.process.stdout.readline()
        return self.process.stdout.read(size)

    def seconds_a_call(self, frame: bytes) -> float:
        """Median over one round."""
        took: list[float] = []
        for _ in range(CALLS):
            began = time.perf_counter()
            self.send(frame)
            self.receive()
            took.append(time.perf_counter() - began)
        return median(took)

    def close(self) -> None:
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            stream.close()
        self.process.wait(20)


@contextmanager
def _shared_server(argv: list[str], root: Path) -> Iterator[int]:
    """A shared server of the fake service; its process id."""
    process = subprocess.Popen([*argv, str(root)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def rows() -> list[dict[str, Any]]:
    """Rows of name, value, unit, peer, ratio, goal, met."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as state:
        before = os.environ.get("ORCHESTRATOR_STATE_DIR")
        os.environ["ORCHESTRATOR_STATE_DIR"] = state
        try:
            root = Path(folder).resolve()
            return [*_round_trips(root), *_events(root), *_starts(root)]
        finally:
            if before is None:
                del os.environ["ORCHESTRATOR_STATE_DIR"]
            else:
                os.environ["ORCHESTRATOR_STATE_DIR"] = before


def _round_trips(root: Path) -> list[dict[str, Any]]:
    params = {"missionId": "m-1"}
    frame = _frame({"jsonrpc": "2.0", "id": 1, "method": "mission/status", "params": params})
    with _shared_server([sys.executable, _SERVER], root):
        callers = {
            "alone": _Caller([sys.executable, _SERVER]),
            "shared": _Caller(_SERVE),
            "peer": _Caller([sys.executable, "-c", _PEER]),
            "blocking": _Caller([sys.executable, "-c", _BLOCKING_PEER]),
        }
        try:
            for name in ("alone", "shared"):
                callers[name].call("initialize", {"rootUri": root.as_uri(), "capabilities": {}})
                callers[name].call("mission/start", {"text": "x"})
            result = callers["alone"].call("mission/status", params)
            time.sleep(0.5)  # until the last summary has been sent
            callers["shared"].call("mission/status", params)
            for name in ("peer", "blocking"):
                callers[name].call("set", result)
            found: dict[str, list[float]] = {name: [] for name in callers}
            for _ in range(ROUNDS):
                for name, caller in callers.items():
                    found[name].append(caller.seconds_a_call(frame))
        finally:
            for caller in callers.values():
                caller.close()
    us = {name: median(times) * 1e6 for name, times in found.items()}
    name = "rpc round trip, typed mission/status"
    return [
        _row(f"{name}, over stdio", us["alone"], "raw msgspec loop on asyncio", us["peer"], goal=1.3),
        _row(f"{name}, through the shared server", us["shared"], "raw msgspec loop on asyncio", us["peer"], goal=2.0),
        _row(f"{name}, over stdio", us["alone"], "blocking msgspec loop (no goal)", us["blocking"], goal=None),
        _row(f"{name}, through the shared server", us["shared"], "blocking loop (no goal)", us["blocking"], goal=None),
    ]


def _memory_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class _Reader:
    """Counts the events that arrive on a socket; looks only for the bytes that each has once."""

    def __init__(self, root: Path) -> None:
        self.socket: socket.socket = reach(places(root)).socket
        self.socket.sendall(_hello(root))
        self.count = 0
        self._thread = threading.Thread(target=self._read)

    def start(self) -> None:
        self._thread.start()

    def _read(self) -> None:
        rest = b""
        while self.count < EVENTS and (data := self.socket.recv(1 << 20)):
            rest += data
            self.count += rest.count(b'"mission/event"')
            rest = rest[-14:] if not rest.endswith(b'"mission/event"') else b""

    def join(self) -> None:
        self._thread.join(120)
        self.socket.close()


def _events(root: Path) -> list[dict[str, Any]]:
    with _shared_server([sys.executable, _SERVER], root) as pid:
        readers = [_Reader(root) for _ in range(CLIENTS)]
        time.sleep(0.5)
        for reader in readers:
            reader.start()
        starter = reach(places(root)).socket
        starter.sendall(_hello(root))
        before_bytes = _memory_bytes(pid)
        block = 1_000
        began = time.perf_counter()
        for n in range(EVENTS // block + 1):
            params = {"text": f"flood {block}"}
            starter.sendall(_frame({"jsonrpc": "2.0", "id": n + 2, "method": "mission/start", "params": params}))
        drain = threading.Thread(target=_drain, args=(starter,), daemon=True)
        drain.start()
        for reader in readers:
            reader.join()
        took_s = time.perf_counter() - began
        grown = _memory_bytes(pid) - before_bytes
        starter.close()
    rate = min(reader.count for reader in readers) / took_s
    return [
        {
            "name": f"events to {CLIENTS} clients at once (a fourth one watches)",
            "value": round(rate),
            "unit": "events/s to each",
            "peer": "",
            "ratio": None,
            "goal": 10_000,
            "met": rate >= 10_000,
        },
        {
            "name": f"memory after {EVENTS} events to {CLIENTS} clients",
            "value": round(grown / 1e6, 1),
            "unit": "MB grown",
            "peer": "the fake service keeps the events themselves, too",
            "ratio": None,
            "goal": 40,
            "met": grown <= 40e6,
        },
    ]


def _drain(connection: socket.socket) -> None:
    try:
        while connection.recv(1 << 20):
            pass
    except OSError:
        return


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _starts(root: Path) -> list[dict[str, Any]]:
    cold: list[float] = []
    proxied: list[float] = []
    for _ in range(STARTS):
        caller = _Caller(_SERVE, {"ORCHESTRATOR_IDLE_TIMEOUT_S": "600"})
        caller.send(_hello(root))
        caller.receive()
        card = read_card(places(root).state / "server.json")
        assert card is not None
        cold.append(_cpu_s(card.pid) + _cpu_s(caller.process.pid))
        second = _Caller(_SERVE)
        second.send(_hello(root))
        second.receive()
        proxied.append(_cpu_s(second.process.pid))
        second.close()
        caller.close()
        os.kill(card.pid, 15)
        while Path(f"/proc/{card.pid}").exists():
            time.sleep(0.05)
    with _shared_server([sys.executable, _SERVER], root):
        status = [_run_cpu_s([sys.executable, "-m", "orchestrator", "status", "-w", str(root)]) for _ in range(STARTS)]
        run = [float(_output([sys.executable, "-c", _RUN, "run", "x", "-w", str(root)])) for _ in range(STARTS)]
    reply = "CPU from start to initialize reply"
    return [
        _goal_row(f"{reply}, proxy to a running server", median(proxied), 0.3),
        _goal_row(f"{reply}, `orchestrator run` to a running server", median(run), 0.3),
        _goal_row("CPU of a whole `orchestrator status`, answered by a running server", median(status), 0.3),
        _goal_row(f"{reply}, cold shared server with its proxy", median(cold), 1.2),
    ]


_RUN = """
import os, resource, sys
from orchestrator.client.plain import PlainClient
initialize = PlainClient.initialize
def measured(self, workspace):
    initialize(self, workspace)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(used.ru_utime + used.ru_stime, flush=True)
    os._exit(0)
PlainClient.initialize = measured
from orchestrator.__main__ import main
main()
"""
"""The real command, which ends when the server has answered `initialize`."""


def _output(argv: list[str]) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def _run_cpu_s(argv: list[str]) -> float:
    """CPU seconds of one process, from its start to its end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _output(argv)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _goal_row(name: str, value_s: float, goal_s: float) -> dict[str, Any]:
    return {
        "name": name,
        "value": round(value_s, 3),
        "unit": "s",
        "peer": "",
        "ratio": None,
        "goal": goal_s,
        "met": value_s <= goal_s,
    }


def _row(name: str, value: float, peer: str, theirs: float, *, goal: float | None) -> dict[str, Any]:
    ratio = value / theirs
    return {
        "name": name,
        "value": round(value, 1),
        "unit": "us",
        "peer": f"{peer}: {theirs:.1f} us",
        "ratio": round(ratio, 3),
        "goal": goal,
        "met": goal is None or ratio <= goal,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(rows(), indent=2) + "\n")
