"""Missions of the past, asked for over the socket of a real server: forgotten, archived, dropped; and the future."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from wire import Shared, Wire

from orchestrator_protocol.bounds import MAX_COUNT

PAST_SERVER = str(Path(__file__).with_name("past_server.py"))
BAD, GOOD = "class A(object):\n    x = 1\n", "class A:\n    x = 1\n"
FILES = ("a.py", "b.py", "c.py")
Json = dict[str, Any]


class Asking:
    """A connection to a server, with answers taken apart."""

    def __init__(self, server: Shared) -> None:
        self.wire = Wire(server=server, is_socket=True)
        assert "result" in self.wire.initialize(server.root)

    def answer(self, method: str, **params: object) -> Any:
        reply = self.wire.call(method, method, params)
        assert "result" in reply, reply
        return reply["result"]

    def refusal(self, method: str, **params: object) -> Json:
        return self.wire.call(method, method, params)["error"]

    def until(self, is_true: Callable[[], bool], timeout_s: float = 60.0) -> None:
        end = time.monotonic() + timeout_s
        while not is_true():
            assert time.monotonic() < end
            time.sleep(0.05)

    def run(self, text: str) -> str:
        """A mission from its start to its end; its id."""
        mission_id = self.answer("mission/start", text=text, trust=False)["missionId"]
        self.until(lambda: self.answer("mission/status", missionId=mission_id)["status"] == "unverified")
        return mission_id


Serve = Callable[[str], Asking]


@pytest.fixture
def serve(tmp_path: Path, state_dir: Path) -> Iterator[Serve]:
    """Starts the real server for tmp_path, after the one before has ended, and connects to it."""
    alive: list[tuple[Asking, Shared]] = []

    def end() -> None:
        for asking, server in alive:
            asking.wire.close()
            server.close()
        alive.clear()

    def start(way: str) -> Asking:
        end()
        server = Shared(tmp_path, state_dir, argv=[sys.executable, PAST_SERVER, str(tmp_path), way])
        alive.append((Asking(server), server))
        return alive[-1][0]

    yield start
    end()


@pytest.fixture
def done(tmp_path: Path, serve: Serve) -> tuple[Asking, list[str], Json]:
    """A server with three ended missions, of which it remembers the last; and all that was said of the first."""
    for name in FILES:
        (tmp_path / name).write_text(BAD)
    asking = serve("kept")
    first = asking.run(f"fix all style findings in {FILES[0]}")
    told = said_of(asking, first)
    assert asking.answer("mission/deliver", missionId=first, delivery="apply")["paths"] == [FILES[0]]
    assert (tmp_path / FILES[0]).read_text() == GOOD
    return asking, [first, *(asking.run(f"fix all style findings in {name}") for name in FILES[1:])], told


def said_of(asking: Asking, mission_id: str) -> Json:
    """What does not change with a later delivery."""
    status = asking.answer("mission/status", missionId=mission_id)
    return {
        "tasks": status["tasks"],
        "end": (status["status"], status["endCode"]),
        "diff": asking.answer("mission/diff", missionId=mission_id),
        "plan": asking.answer("plan/get", missionId=mission_id),
        "checks": asking.answer("check/list", missionId=mission_id),
        "findings": asking.answer("finding/list", missionId=mission_id),
        "log": asking.answer("task/log", missionId=mission_id, taskId=status["tasks"][0]["id"])["entries"],
        "events": asking.answer("mission/events", missionId=mission_id)["events"][:10],
    }


def test_a_forgotten_mission_is_what_it_was_and_can_be_undone(done, tmp_path: Path) -> None:
    asking, ids, told = done
    first, second, third = ids
    assert [mission["missionId"] for mission in asking.answer("mission/list")["missions"]] == ids
    for mission_id in (first, second, third, first):  # each time another one is remembered
        assert asking.answer("mission/status", missionId=mission_id)["missionId"] == mission_id
    assert said_of(asking, first) == told
    assert FILES[1] in asking.answer("mission/summary", missionId=second)["markdown"]
    command = {"command": "orchestrator.mission.undo", "arguments": [{"missionId": first}]}
    assert asking.answer("workspace/executeCommand", **command) == {"paths": [FILES[0]]}
    assert (tmp_path / FILES[0]).read_text() == BAD
    assert asking.answer("mission/status", missionId=second)["status"] == "unverified"
    assert asking.answer("mission/status", missionId=first)["isUndone"]
    assert asking.answer("mission/retry", missionId=second) is not None
    asking.until(lambda: asking.answer("mission/status", missionId=second)["status"] == "unverified")


def test_a_mission_that_is_not_listed_any_more_is_known_by_its_whole_id(done, serve: Serve, tmp_path: Path) -> None:
    _, ids, _ = done
    asking = serve("unlisted")
    assert [mission["missionId"] for mission in asking.answer("mission/list")["missions"]] == ids[-1:]
    assert FILES[0] in asking.answer("mission/diff", missionId=ids[0])["diff"]
    for words, code, said in (
        (("status", ids[0]), 0, f"Mission {ids[0]}: unverified"),
        (("undo", ids[0]), 0, f"{ids[0]} is undone"),
        (("undo", "m-none"), 2, "there is no mission 'm-none'"),
        (("status", "m-none"), 2, "there is no mission 'm-none'"),
    ):
        argv = [sys.executable, "-m", "orchestrator", *words, "-w", str(tmp_path)]
        told = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
        assert (told.returncode, said in told.stdout + told.stderr) == (code, True), told


def test_an_archived_mission_is_what_it_was(done, serve: Serve, state_dir: Path) -> None:
    _, ids, told = done
    asking = serve("archived")
    (journal,) = state_dir.rglob("journal.db")
    with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as reading:
        asking.until(lambda: reading.execute("SELECT COUNT(*) FROM archived").fetchone() == (len(ids),))
        assert reading.execute("SELECT COUNT(*) FROM events").fetchone() == (0,)
    assert said_of(asking, ids[0]) == told
    assert [mission["missionId"] for mission in asking.answer("mission/list")["missions"]] == ids
    events = asking.answer("mission/events")["events"]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))


def test_what_was_dropped_is_told(done, serve: Serve) -> None:
    _, ids, _ = done
    asking = serve("dropped")
    asking.until(lambda: "error" in asking.wire.call("e", "mission/events", {}))
    for method in ("mission/events", "mission/status", "mission/summary", "mission/undo"):
        error = asking.refusal(method, missionId=ids[0])
        assert error["data"]["code"] == "events_archived", method
        assert error["data"]["hint"]
    assert ids[0] in [mission["missionId"] for mission in asking.answer("mission/list")["missions"]]


def test_the_future_is_empty(done) -> None:
    asking, ids, _ = done
    last = asking.answer("mission/events")["lastSeq"]
    for after in (last, last + 5, MAX_COUNT):
        assert asking.answer("mission/events", afterSeq=after) == {"events": [], "lastSeq": after}
        assert asking.answer("mission/events", afterSeq=after, missionId=ids[0]) == {"events": [], "lastSeq": after}
    task = asking.answer("mission/status", missionId=ids[0])["tasks"][0]["id"]
    assert asking.answer("task/log", missionId=ids[0], taskId=task, afterSeq=MAX_COUNT)["entries"] == []
    for method in ("mission/events", "task/log"):
        more = {"missionId": ids[0], "taskId": task} if method == "task/log" else {}
        assert asking.refusal(method, afterSeq=MAX_COUNT + 1, **more)["data"]["code"] == "invalid_params"
