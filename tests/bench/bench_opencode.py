"""What the plugin costs in a real OpenCode: a delegated task beside a bare prompt, fifty beside fifty, and idling.

The model is a provider on loopback that streams for 20 s. A bare prompt is `session.create` and one such answer. A
delegated task is the same answer with a tool call at its end, the call, and a second, quick answer; it is measured from
the start of its attempt to its commit, so planning, gates and the seal are left out, as they are for the bare prompt;
the project's own tests wait for the seal, or they would run beside those of the fifty that still work.
Both sides run in the same OpenCode, in turn. A session's second call to the model takes OpenCode's one thread as long
as its first, so fifty are also put beside fifty prompts that do the same: write a file with a tool, and say so.
A provider's lane begins with ten sessions and grows with each answer, so
a quick mission comes before the fifty.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from subprocess import PIPE
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "opencode"))

from missions import Model  # pyright: ignore[reportMissingImports] - beside the tests of OpenCode
from opencode_process import (  # pyright: ignore[reportMissingImports] - as above
    PROGRAM,
    SERVE,
    OpenCode,
    configuration,
    environment,
    until,
    with_plugin,
)
from worlds import World, new_world  # pyright: ignore[reportMissingImports] - as above

from orchestrator.testing.provider import Answer, Call, Failure, FakeProvider, ToolCall, serving

STREAM_S = 20.0
CHUNK_CHARACTERS = 100
CHUNKS = 40
"""Of an answer, each after a pause; the frame of an answer takes four more."""
IDLE_S = 60.0
MANY = 50
REST_S = 10.0
PATIENCE_S = 600.0
Row = dict[str, Any]


class Streaming(Model):
    """A worker's first answer and all chat stream for a while; everything else is quick."""

    is_quick = False
    place: Path | None = None
    """Where chat writes a file for each answer, if it does."""

    def __call__(self, call: Call) -> Answer | Failure:
        answer = self._answer(call)
        if self.place and "write" in call.tools:
            target = {"filePath": str(self.place / f"{call.number}.py"), "content": "VALUE = 2\n"}
            answer = replace(answer, calls=(ToolCall("write", target),))
        if call.turn > 1:
            return Answer(text="Done.")
        if self.is_quick or not isinstance(answer, Answer) or "orc_submit_plan" in call.tools:
            return answer
        # A tool call is two chunks: its name, and arguments that fit into one.
        text = ("word " * 20) * (CHUNKS - 2 * len(answer.calls))
        return replace(answer, text=text, chunk_characters=CHUNK_CHARACTERS, chunk_delay_s=STREAM_S / (CHUNKS + 4))


def rows() -> list[Row]:
    """Needs OpenCode: `make test-opencode` installs it."""
    if not PROGRAM.exists():
        raise FileNotFoundError("OpenCode is not installed: make test-opencode")
    with tempfile.TemporaryDirectory() as folder, serving(Model(0)) as provider:
        here = Path(folder)
        (here / "with").mkdir()
        (here / "without").mkdir()
        plain = OpenCode(here / "without", configuration(provider))
        ours = OpenCode(here / "with", configuration(provider, plugins=with_plugin()))
        try:
            idle = _idling(plain, ours, here)
            plain.stop()
            return [*idle, _fresh(ours, provider, here), *_one(ours, provider, here), *_many(ours, provider, here)]
        finally:
            for opencode in (plain, ours):
                opencode.stop()
            ours.end_servers()


def _idling(plain: OpenCode, ours: OpenCode, here: Path) -> list[Row]:
    """Both after one session; the plugin has no server yet, as in a workspace without missions."""
    folder = here / "idle"
    folder.mkdir()
    for opencode in (plain, ours):
        opencode.session(folder)
    time.sleep(REST_S)
    watched = [psutil.Process(opencode.process.pid) for opencode in (plain, ours)]
    before = [sum(process.cpu_times()[:2]) for process in watched]
    samples: list[list[float]] = []
    for _ in range(6):
        time.sleep(IDLE_S / 6)
        samples.append([process.memory_full_info().uss / 1e6 for process in watched])
    plain_s, ours_s = (sum(p.cpu_times()[:2]) - begun for p, begun in zip(watched, before, strict=True))
    plain_mb, ours_mb = (statistics.median(column) for column in zip(*samples, strict=True))
    peer = "the same OpenCode without it"
    return [
        _row(
            "OpenCode idle for a minute with the plugin: more CPU",
            ours_s - plain_s,
            "s",
            peer=f"{peer}: {plain_s:.2f} s",
            ratio=ours_s / max(plain_s, 0.01),
            goal=("<= 0.1 s", ours_s - plain_s <= 0.1),
        ),
        _row(
            "memory that the plugin adds to OpenCode",
            ours_mb - plain_mb,
            "MB",
            peer=f"{peer}: {plain_mb:.0f} MB",
            ratio=ours_mb / plain_mb,
            goal=("<= 20 MB", ours_mb - plain_mb <= 20),
        ),
    ]


def _fresh(opencode: OpenCode, provider: FakeProvider, here: Path) -> Row:
    """A new session beside one that is emptied for reuse: why there is no pool."""
    world = new_world(opencode, provider, here / "fresh", 1)
    new_s: list[float] = []
    emptied_s: list[float] = []
    for _ in range(20):
        begun = time.monotonic()
        session = opencode.session(world.folder)
        new_s.append(time.monotonic() - begun)
        for _ in range(3):
            opencode.chat(world.folder, session, "go")
        begun = time.monotonic()
        for message in opencode.call("GET", f"/session/{session}/message", world.folder):
            opencode.call("DELETE", f"/session/{session}/message/{message['info']['id']}", world.folder)
        emptied_s.append(time.monotonic() - begun)
    new_ms, emptied_ms = (statistics.median(column) * 1e3 for column in (new_s, emptied_s))
    peer, ratio = f"one emptied after three turns: {emptied_ms:.0f} ms", new_ms / emptied_ms
    return _row("a new session in OpenCode", new_ms, "ms", peer=peer, ratio=ratio, goal=("<= 1", ratio <= 1))


def _one(opencode: OpenCode, provider: FakeProvider, here: Path) -> list[Row]:
    world = new_world(opencode, provider, here / "one", 1)
    world.model = provider.policy = Streaming(1)
    _bare(world, 1)
    pairs = [(_bare(world, 1), _delegated(world)) for _ in range(3)]
    bare_s, ours_s = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(ours / bare for bare, ours in pairs)
    peer = f"session.create + prompt: {bare_s:.2f} s"
    name = f"a delegated task, model streams {STREAM_S:.0f} s"
    more = statistics.median(ours - bare for bare, ours in pairs) * 1e3
    return [
        _row(name, ours_s, "s", peer=peer, ratio=ratio, goal=("<= 1.1", ratio <= 1.1)),
        _row("a delegated task more than a bare prompt", more, "ms", peer=peer, ratio=ratio, goal=("told", True)),
    ]


def _many(opencode: OpenCode, provider: FakeProvider, here: Path) -> list[Row]:
    world = new_world(opencode, provider, here / "many", MANY)
    settings = world.folder / ".opencode" / "orchestrator.jsonc"
    settings.write_text(settings.read_text().replace('"merge"', '"seal"'))
    model = world.model = provider.policy = Streaming(MANY)
    model.is_quick = True
    _delegated(world)
    model.is_quick = False
    runs = [(_bare(world, MANY), _writing(world, MANY), _delegated(world)) for _ in range(2)]
    bare_s, writing_s, ours_s = (statistics.median(column) for column in zip(*runs, strict=True))
    ratio = statistics.median(ours / bare for bare, _, ours in runs)
    alike = statistics.median(ours / writing for _, writing, ours in runs)
    name = f"{MANY} delegated tasks side by side, model streams {STREAM_S:.0f} s"
    peer, writers = f"{MANY} bare session.create + prompt: {bare_s:.2f} s", f"{MANY} that write: {writing_s:.2f} s"
    return [
        _row(name, ours_s, "s", peer=peer, ratio=ratio, goal=("<= 1.15", ratio <= 1.15)),
        _row(name, ours_s, "s", peer=writers, ratio=alike, goal=("<= 1.15", alike <= 1.15)),
    ]


def _row(name: str, value: float, unit: str, *, peer: str, ratio: float, goal: tuple[str, bool]) -> Row:
    return {"name": name, "value": value, "unit": unit, "peer": peer, "ratio": ratio, "goal": goal[0], "met": goal[1]}


def _bare(world: World, count: int) -> float:
    """Seconds for prompts side by side, each in a new session."""

    def one(_: int) -> None:
        world.opencode.chat(world.folder, world.opencode.session(world.folder), "go")

    begun = time.monotonic()
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(one, range(count)))
    return time.monotonic() - begun


def _writing(world: World, count: int) -> float:
    """The same, where each answer also writes a file with OpenCode's own tool, and is told of it."""
    assert isinstance(world.model, Streaming)
    place = world.model.place = world.folder / "bare"
    took_s = _bare(world, count)
    assert len(list(place.iterdir())) == count
    shutil.rmtree(place)
    world.model.place = None
    return took_s


def _delegated(world: World) -> float:
    """Seconds of a mission from the first start of an attempt to the last commit, by the journal's clock.

    The mission is stopped then: what comes behind is gates, merges and the seal.
    """
    before = len(world.provider.calls)
    mission = world.start()
    until(lambda: _ends(world, before) >= world.model.count, "all sessions give their last answer", PATIENCE_S)
    started: list[float] = []
    ended: list[float] = []
    while len(ended) < world.model.count:
        time.sleep(1)
        events = [event for event in _events(world) if event["missionId"] == mission]
        started = [event["at"] for event in events if event["type"] == "attempt.started"]
        ended = [event["at"] for event in events if event["type"] == "attempt.committed"]
    world.command("stop")
    return max(ended) - min(started)


def _ends(world: World, before: int) -> int:
    """Workers that have heard of their tool call."""
    return sum(call.turn > 1 and "orc_edit_file" in call.tools for call in world.provider.calls[before:])


def _events(world: World) -> list[Row]:
    """All events of the workspace, asked of its server."""
    found: list[Row] = []
    hello = {"processId": None, "rootUri": world.folder.as_uri(), "capabilities": {}}
    with subprocess.Popen(SERVE, env=environment(world.opencode.home), stdin=PIPE, stdout=PIPE) as client:
        _ask(client, 1, "initialize", hello)
        for number in range(2, 1_000):
            page = _ask(client, number, "mission/events", {"afterSeq": found[-1]["seq"] if found else 0})["events"]
            if not page:
                break
            found.extend(page)
        assert client.stdin is not None
        client.stdin.close()
    return found


def _ask(client: subprocess.Popen[bytes], number: int, method: str, params: Row) -> Row:
    """The result of one request; what else comes meanwhile is passed over."""
    assert client.stdin is not None
    assert client.stdout is not None
    body = json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode()
    client.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    client.stdin.flush()
    while True:
        header = client.stdout.readline()
        client.stdout.readline()
        reply = json.loads(client.stdout.read(int(header.split(b":")[1])))
        if reply.get("id") == number:
            return dict(reply["result"])
