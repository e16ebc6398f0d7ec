"""What the plugin costs in a real OpenCode: a delegated task beside a bare prompt, fifty beside fifty, and idling.

The model is a provider on loopback that streams each answer for 20 s. A delegated task is measured from the start of
its attempt to its commit, so planning, gates and the seal are left out, as they are for the bare prompt. Both sides run
in the same OpenCode, one after the other.
"""

from __future__ import annotations

import json
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
    with_plugin,
)
from worlds import World, new_world  # pyright: ignore[reportMissingImports] - as above

from orchestrator.testing.provider import Answer, Call, FakeProvider, serving

STREAM_S = 20.0
CHUNKS = 40
IDLE_S = 60.0
MANY = 50
Row = dict[str, Any]


class Streaming(Model):
    """Workers answer in one turn that streams; everybody else is quick."""

    def __call__(self, call: Call) -> Answer:
        if "orc_submit_plan" in call.tools:
            return self._planned(call)
        text = "word " * (2 * CHUNKS)
        return replace(Answer(text=text), chunk_characters=10, chunk_delay_s=STREAM_S / CHUNKS)


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
            return [*_idling(plain, ours, here), *_delegating(ours, provider, here)]
        finally:
            for opencode in (plain, ours):
                opencode.stop()
            ours.end_servers()


def _idling(plain: OpenCode, ours: OpenCode, here: Path) -> list[Row]:
    """Both with one session, nothing to do; the plugin has no server yet, as in a workspace without missions."""
    folder = here / "idle"
    folder.mkdir()
    for opencode in (plain, ours):
        opencode.session(folder)
    time.sleep(10)
    watched = [psutil.Process(opencode.process.pid) for opencode in (plain, ours)]
    before = [sum(process.cpu_times()[:2]) for process in watched]
    time.sleep(IDLE_S)
    plain_s, ours_s = (sum(p.cpu_times()[:2]) - begun for p, begun in zip(watched, before, strict=True))
    plain_mb, ours_mb = (process.memory_full_info().uss / 1e6 for process in watched)
    peer = "the same OpenCode without it"
    return [
        {
            "name": "OpenCode idle for a minute with the plugin: more CPU",
            "value": ours_s - plain_s,
            "unit": "s",
            "peer": peer,
            "ratio": ours_s / max(plain_s, 0.01),
            "goal": "<= 0.1 s",
            "met": ours_s - plain_s <= 0.1,
        },
        {
            "name": "memory that the plugin adds to OpenCode",
            "value": ours_mb - plain_mb,
            "unit": "MB",
            "peer": peer,
            "ratio": ours_mb / plain_mb,
            "goal": "<= 20 MB",
            "met": ours_mb - plain_mb <= 20,
        },
    ]


def _delegating(opencode: OpenCode, provider: FakeProvider, here: Path) -> list[Row]:
    found: list[Row] = []
    for count, goal in ((1, 1.1), (MANY, 1.15)):
        world = new_world(opencode, provider, here / f"many{count}", count)
        world.model = provider.policy = Streaming(count)
        bare_s = _bare(world, count)
        alone_s, together_s = _delegated(world)
        value_s = together_s if count > 1 else statistics.median(alone_s)
        found.append(
            {
                "name": f"{count} delegated tasks, model streams {STREAM_S:.0f} s",
                "value": value_s,
                "unit": "s",
                "peer": f"{count} bare session.create + prompt: {bare_s:.2f} s",
                "ratio": value_s / bare_s,
                "goal": f"<= {goal}",
                "met": value_s / bare_s <= goal,
            },
        )
        if count == 1:
            found.append(
                {
                    "name": "a delegated task more than a bare prompt",
                    "value": (value_s - bare_s) * 1e3,
                    "unit": "ms",
                    "peer": "a bare prompt",
                    "ratio": value_s / bare_s,
                    "goal": "told",
                    "met": True,
                },
            )
    return found


def _bare(world: World, count: int) -> float:
    """Seconds for prompts side by side, each in a new session."""

    def one(_: int) -> None:
        world.opencode.chat(world.folder, world.opencode.session(world.folder), "go")

    one(0)
    begun = time.monotonic()
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(one, range(count)))
    return time.monotonic() - begun


def _delegated(world: World) -> tuple[list[float], float]:
    """Seconds of each attempt, and from the first start to the last commit, by the journal's clock."""
    mission = world.start()
    world.summary(mission)
    started: dict[str, float] = {}
    ended: dict[str, float] = {}
    for event in _events(world):
        if event["type"] == "attempt.started":
            started[event["data"]["attemptId"]] = event["at"]
        if event["type"] in {"attempt.committed", "attempt.refused", "attempt.interrupted"}:
            ended.setdefault(event["data"]["attemptId"], event["at"])
    return [ended[name] - at for name, at in started.items()], max(ended.values()) - min(started.values())


def _events(world: World) -> list[Row]:
    """All events of the workspace, asked of its server."""
    hello = {"processId": None, "rootUri": world.folder.as_uri(), "capabilities": {}}
    asked = [
        {"id": 1, "method": "initialize", "params": hello},
        {"method": "initialized", "params": {}},
        {"id": 2, "method": "mission/events", "params": {"afterSeq": 0}},
    ]
    with subprocess.Popen(SERVE, env=environment(world.opencode.home), stdin=PIPE, stdout=PIPE) as client:
        assert client.stdin is not None
        assert client.stdout is not None
        for message in asked:
            body = json.dumps({"jsonrpc": "2.0", **message}).encode()
            client.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        client.stdin.flush()
        while True:
            header = client.stdout.readline()
            client.stdout.readline()
            reply = json.loads(client.stdout.read(int(header.split(b":")[1])))
            if reply.get("id") == 2:
                client.stdin.close()
                return reply["result"]["events"]
