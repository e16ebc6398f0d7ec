"""Round trips over stdio: a typed request of ours against a raw msgspec loop that answers the same bytes.

Both servers are processes of their own; one client, plain blocking writes and reads, measures both in turns, so that
what differs is the server alone. The peer decodes, looks the method up and encodes; it validates nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

ROUNDS = 20
CALLS = 100
GOAL_RATIO = 1.3
_SERVER = Path(__file__).parents[1] / "conformance" / "fake_server.py"

_PEER = """
import sys, anyio, msgspec
from orchestrator.rpc.io import FrameReader, frame
from orchestrator.rpc.stdio import claimed_stdio
async def main():
    with claimed_stdio() as (receive, send):
        reader = FrameReader(receive)
        result = None
        while (body := await reader.next()) is not None:
            request = msgspec.json.decode(body)
            if request["method"] == "set":
                result = request["params"]
            await send.send(frame(msgspec.json.encode({"jsonrpc": "2.0", "id": request["id"], "result": result})))
anyio.run(main)
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


class _Caller:
    """Blocking request and reply."""

    def __init__(self, argv: list[str]) -> None:
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def call(self, method: str, params: object) -> Any:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        self.send(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        while "id" not in (reply := json.loads(self.receive())):
            pass
        return reply["result"]

    def send(self, data: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(data)
        self._process.stdin.flush()

    def receive(self) -> bytes:
        assert self._process.stdout is not None
        size = int(self._process.stdout.readline()[16:])
        self._process.stdout.readline()
        return self._process.stdout.read(size)

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
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
        self._process.wait(20)


def rows() -> list[dict[str, Any]]:
    """Rows of name, value, unit, peer, ratio, goal, met."""
    params = {"missionId": "m-1"}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "mission/status", "params": params}).encode()
    frame = b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    ours = _Caller([sys.executable, str(_SERVER)])
    peer = _Caller([sys.executable, "-c", _PEER])
    blocking = _Caller([sys.executable, "-c", _BLOCKING_PEER])
    callers = {"ours": ours, "peer": peer, "blocking": blocking}
    try:
        with tempfile.TemporaryDirectory() as folder:
            ours.call("initialize", {"rootUri": Path(folder).as_uri(), "capabilities": {}})
            ours.call("mission/start", {"text": "x"})
            result = ours.call("mission/status", params)
            for other in (peer, blocking):
                other.call("set", result)
            found: dict[str, list[float]] = {name: [] for name in callers}
            for _ in range(ROUNDS):
                for name, caller in callers.items():
                    found[name].append(caller.seconds_a_call(frame))
    finally:
        for caller in callers.values():
            caller.close()
    return [
        _row(
            "rpc round trip, typed mission/status",
            found["ours"],
            "raw msgspec loop on the same event loop",
            found["peer"],
        ),
        _row(
            "rpc round trip, typed mission/status",
            found["ours"],
            "blocking msgspec loop (no goal)",
            found["blocking"],
            None,
        ),
    ]


def _row(
    name: str, ours: list[float], peer: str, theirs: list[float], goal: float | None = GOAL_RATIO
) -> dict[str, Any]:
    value_us, peer_us = median(ours) * 1e6, median(theirs) * 1e6
    ratio = value_us / peer_us
    return {
        "name": name,
        "value": round(value_us, 1),
        "unit": "us",
        "peer": f"{peer}: {peer_us:.1f} us",
        "ratio": round(ratio, 3),
        "goal": goal,
        "met": goal is None or ratio <= goal,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(rows(), indent=2) + "\n")
