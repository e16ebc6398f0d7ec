"""Seeded grammar fuzzing: whatever frames arrive, the server lives and answers every request exactly once.

`ORCHESTRATOR_FUZZ_FRAMES` and `ORCHESTRATOR_FUZZ_SEED` make it longer or different.
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from typing import Any

import pytest
from wire import Wire, framed, note, request

from orchestrator.rpc import message
from orchestrator.rpc.limits import DEFAULT

FRAMES = int(os.environ.get("ORCHESTRATOR_FUZZ_FRAMES", "20000"))
SEED = int(os.environ.get("ORCHESTRATOR_FUZZ_SEED", "1"))
BLOCK = 200
ROUND = 10_000
"""Frames for one server: the fake service keeps every mission, and lists of them grow."""

METHODS = [
    "mission/start",
    "mission/stop",
    "mission/status",
    "mission/list",
    "mission/events",
    "mission/diff",
    "mission/deliver",
    "textDocument/codeAction",
    "textDocument/hover",
    "initialize",
    "no/such",
    "",
    "$/odd",
    "\u0000",
]
NOTES = [
    "initialized",
    "textDocument/didOpen",
    "textDocument/didChange",
    "textDocument/didClose",
    "textDocument/didSave",
    "$/cancelRequest",
    "$/setTrace",
    "no/such",
    "mission/start",
]
KEYS = [
    "missionId",
    "text",
    "delivery",
    "trust",
    "host",
    "maxIterations",
    "afterSeq",
    "limit",
    "taskId",
    "jsonrpc",
    "id",
    "textDocument",
    "uri",
    "version",
    "range",
    "contentChanges",
    "context",
    "start",
    "end",
    "line",
    "character",
    "",
]
ATOMS = [
    None, True, False, 0, -1, 1, 5, 1.5, 1e308, 2**31, -(2**63), 2**63, "", "x", "m-1", "m-2", "apply", "builtin",
    "raise", "\ud800", "🙂", "\u0000", "file:///w/a.py", "A" * 3_000, "untitled:1",
]  # fmt: skip


TEXTS = ["x", " ", "raise", "unencodable", "stubborn", "stubborn", "flood 20", "diff 10"]
OF_MISSIONS = ["mission/status", "mission/stop", "mission/diff", "mission/deliver"]


class Grammar:
    """Makes frames, and says which ids must be answered."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - seeded tests
        self.next_id = 0

    def value(self, depth: int = 0) -> object:
        kind = self.random.random()
        if depth > 4 or kind < 0.6:
            return self.random.choice(ATOMS)
        if kind < 0.8:
            return [self.value(depth + 1) for _ in range(self.random.randrange(4))]
        return {self.random.choice(KEYS): self.value(depth + 1) for _ in range(self.random.randrange(5))}

    def params(self) -> object:
        return (
            self.value()
            if self.random.random() < 0.2
            else {self.random.choice(KEYS): self.value() for _ in range(self.random.randrange(4))}
        )

    def fresh_id(self) -> int | str:
        self.next_id += 1
        return self.next_id if self.random.random() < 0.7 else f"id-{self.next_id}"

    def meaningful(self) -> object:
        """A request that reaches a handler, or the cancelling of a recent one."""
        mission = {"missionId": self.random.choice(["m-1", "m-2", "m-3"])}
        recent = self.next_id - self.random.randrange(10)
        return self.random.choice(
            [
                request(self.fresh_id(), "mission/start", {"text": self.random.choice(TEXTS)}),
                request(self.fresh_id(), self.random.choice(OF_MISSIONS), mission),
                request(self.fresh_id(), "mission/events", {"afterSeq": self.random.randrange(50), "limit": 20}),
                note("$/cancelRequest", {"id": recent}),
                note("$/cancelRequest", {"id": f"id-{recent}"}),
            ]
        )

    def body(self) -> bytes:
        """One message, well-formed or not."""
        kind = self.random.random()
        if kind < 0.15:
            one: object = self.meaningful()
        elif kind < 0.5:
            one = request(self.fresh_id(), self.random.choice(METHODS), self.params())
        elif kind < 0.65:
            one = note(self.random.choice(NOTES), self.params())
        elif kind < 0.7:
            one = {"jsonrpc": "2.0", "id": self.value(), self.random.choice(["result", "error"]): self.value()}
        elif kind < 0.75:
            one = [request(self.fresh_id(), "mission/list") for _ in range(self.random.randrange(3))]
        elif kind < 0.8:
            one = {"jsonrpc": self.random.choice(["2.0", "1.0", 2]), "id": self.value(), "method": self.value()}
        elif kind < 0.85:
            one = self.value()
        else:
            return self.mutated(json.dumps(request(self.fresh_id(), "mission/list", self.params())).encode())
        return json.dumps(one).encode()

    def mutated(self, body: bytes) -> bytes:
        data = bytearray(body)
        for _ in range(self.random.randrange(1, 4)):
            at = self.random.randrange(len(data))
            match self.random.randrange(3):
                case 0:
                    data[at] = self.random.randrange(256)
                case 1:
                    del data[at]
                case _:
                    data.insert(at, self.random.choice(b'{}[]",:\\0'))
        return bytes(data)

    def frame(self, body: bytes) -> bytes:
        header = self.random.choice(
            [b"Content-Length: %d\r\n\r\n", b"content-length:%d\n\n", b"A: b\r\nContent-Length: %d\r\nC\r\n\r\n"]
        )
        return header % len(body) + body


def expected(body: bytes) -> list[object]:
    """The ids that must be answered for one body. `exit` and `shutdown` never come out of the grammar."""
    match message.parse(body, DEFAULT.nesting):
        case message.Request() as found:
            assert found.method not in {"shutdown", "exit"}
            return [found.id]
        case message.Invalid(found_id, _, _):
            return [found_id]
        case _:
            return []


def must(wire: Wire) -> dict[str, Any]:
    """The next frame; fails with the server's words when its output ends."""
    frame = wire.next(60)
    assert frame is not None, wire.stderr.decode()[-3_000:]
    return frame


def play(wire: Wire, grammar: Grammar, frames: int) -> int:
    """Send so many frames; every request is answered once. The number of requests."""
    due: Counter[object] = Counter()
    asked = 0

    def take(frame: dict[str, Any]) -> None:
        assert "Traceback" not in json.dumps(frame)
        if "method" not in frame:
            assert "error" in frame or "result" in frame
            due[frame["id"]] -= 1
            if not due[frame["id"]]:
                del due[frame["id"]]

    for start in range(0, frames, BLOCK):
        block = b""
        for _ in range(BLOCK):
            body = grammar.body()
            block += grammar.frame(body)
            ids = expected(body)
            due.update(ids)
            asked += len(ids)
        cut = grammar.random.randrange(len(block))
        wire.raw(block[:cut])
        wire.raw(block[cut:])
        wire.send(request(f"sync-{start}", "no/such"))
        while (frame := must(wire)).get("id") != f"sync-{start}":
            take(frame)
    for frame in wire.rest(60):
        take(frame)
    assert not due
    return asked


@pytest.mark.timeout(200 + FRAMES // 50)
def test_every_request_is_answered_once(start, tmp_path, transport) -> None:
    left = FRAMES if transport == "stdio" else FRAMES // 5
    seed = SEED
    while left > 0:
        frames = min(left, ROUND)
        wire = start(env={"FAKE_SLOW_S": "60"})
        assert "result" in wire.initialize(tmp_path)
        assert play(wire, Grammar(seed), frames) > frames // 2
        wire.close()
        left, seed = left - frames, seed + 1


@pytest.mark.parametrize("seed", range(3))
def test_garbage_ends_the_connection_and_not_the_process_by_a_crash(start, tmp_path, seed) -> None:
    chance = random.Random(seed)  # noqa: S311 - seeded tests
    wire = start(env={"FAKE_FRAME_S": "1"})
    wire.initialize(tmp_path)
    good = framed(request(1, "mission/list"))
    wire.raw(good + bytes(chance.randrange(256) for _ in range(chance.randrange(1, 30_000))))
    frames = wire.rest()
    assert "result" in next(f for f in frames if f.get("id") == 1)
    assert b"Traceback" not in wire.stderr
