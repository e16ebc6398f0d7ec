"""A grammar of frames, good and bad, and playing it against a server: who was asked what, and what was answered."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import dataclass
from typing import Any

from wire import Wire, note, request

from orchestrator.rpc import message
from orchestrator.rpc.limits import DEFAULT

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


@dataclass(slots=True)
class Tally:
    """What was sent and what came back. `refusals` are replies with an error; they are answers too."""

    frames: int = 0
    requests: int = 0
    results: int = 0
    refusals: int = 0
    unanswered: int = 0
    doubled: int = 0

    def add(self, other: Tally) -> None:
        """Sum up."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def play(wire: Wire, grammar: Grammar, frames: int) -> Tally:
    """Send so many frames, then close; fails when the server ends before that."""
    due: Counter[object] = Counter()
    tally = Tally()

    def take(frame: dict[str, Any]) -> None:
        assert "Traceback" not in json.dumps(frame)
        if "method" not in frame:
            assert "error" in frame or "result" in frame
            tally.refusals += "error" in frame
            tally.results += "result" in frame
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
            tally.frames += 1
            tally.requests += len(ids)
        cut = grammar.random.randrange(len(block))
        wire.raw(block[:cut])
        wire.raw(block[cut:])
        wire.send(request(f"sync-{start}", "no/such"))
        while (frame := must(wire)).get("id") != f"sync-{start}":
            take(frame)
    for frame in wire.rest(60):
        take(frame)
    tally.unanswered = sum(n for n in due.values() if n > 0)
    tally.doubled = -sum(n for n in due.values() if n < 0)
    wire.count(requests=tally.requests, replies=tally.results + tally.refusals, unanswered=tally.unanswered)
    return tally
