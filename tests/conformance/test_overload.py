"""Clients that read too slowly or send too much: told, cut off in the end, and never felt by others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from wire import FLOODING, Wire, framed, request

LONG = "x" * 3_000


def behind(start: Callable[..., Wire], root: Path, **env: str) -> Wire:
    """A client that is initialized and reads nothing."""
    wire = start(env=env, is_reading=False)
    folder = wire.server.root if wire.server else root
    wire.send(request("init", "initialize", {"rootUri": folder.as_uri(), "capabilities": {}}))
    return wire


def test_a_slow_reader_gets_summaries_and_is_told_what_it_missed(start, tmp_path) -> None:
    wire = behind(start, tmp_path, FAKE_EVENT_BYTES="200000")
    wire.send(request(1, "mission/start", {"text": "flood 20000"}))
    assert wire.has_logged(b"gets summaries after event")
    wire.start_reading()
    dropped = wire.matching(lambda m: m.get("method") == "mission/eventsDropped", 20)["params"]
    seen = [m["params"]["seq"] for m in wire._kept if m.get("method") == "mission/event"]
    assert seen == list(range(1, dropped["afterSeq"] + 1))
    assert dropped["afterSeq"] < dropped["lastSeq"] <= 20_001
    missed = []
    after = dropped["afterSeq"]
    while after < dropped["lastSeq"]:
        page = wire.call(f"p{after}", "mission/events", {"afterSeq": after})["result"]
        missed += [event["seq"] for event in page["events"]]
        after = page["lastSeq"]
    assert missed == list(range(dropped["afterSeq"] + 1, after + 1))
    progress = wire.matching(lambda m: m.get("method") == "mission/progress", 20)["params"]
    assert progress["missionId"] == "m-1"
    wire.call(2, "mission/stop", {"missionId": "m-1"})
    ended = wire.matching(lambda m: m.get("method") == "mission/event" and m["params"]["type"] == "mission.ended", 20)
    assert ended["params"]["seq"] == 20_002


def test_a_reader_that_is_given_up_is_told_why(start, tmp_path) -> None:
    wire = behind(start, tmp_path, FAKE_SLOW_S="0.5", FAKE_FAREWELL_S="30")
    wire.send(request(1, "mission/start", FLOODING))
    wire.send(*(request(n, "mission/diff", {"missionId": "m-1"}) for n in range(2, 6)))
    assert wire.has_logged(b"a client is given up", 20)
    wire.start_reading()
    frames = []
    while (frame := wire.next(20)) is not None:
        frames.append(frame)
    assert frames[-1]["error"]["data"]["code"] == "client_too_slow"
    assert frames[-1]["id"] is None


@pytest.mark.transports("proxy", "socket")
def test_the_others_never_notice_a_slow_reader(start, tmp_path) -> None:
    slow = behind(start, tmp_path)
    other = start()
    other.initialize(tmp_path)
    slow.send(request(1, "mission/start", FLOODING))
    mission_id = other.matching(lambda m: m.get("method") == "mission/event", 20)["params"]["missionId"]
    slow.send(*(request(n, "mission/diff", {"missionId": mission_id}) for n in range(2, 30)))
    for n in range(50):
        assert "result" in other.call(n, "mission/list")


@pytest.mark.transports("proxy", "socket")
def test_one_clients_flood_does_not_starve_another(start, tmp_path) -> None:
    """Of a flood that takes long, only a small part is answered before another client's requests."""
    flood = 20_000
    busy, other = start(), start()
    busy.initialize(tmp_path)
    other.initialize(tmp_path)
    block = b"".join(framed(request(n, "mission/status", {"missionId": LONG[:150]})) for n in range(flood))
    import threading  # noqa: PLC0415 - needed by this test alone

    sender = threading.Thread(target=busy.raw, args=(block,), daemon=True)
    sender.start()
    busy.reply(0)
    for n in range(20):
        assert "result" in other.call(n, "mission/list")
    answered = busy._frames.qsize()
    assert answered < flood - 1_000
    busy.reply(flood - 1, 60)
    sender.join(20)


def test_a_flood_of_notifications_is_survived(fresh) -> None:
    fresh.raw(framed({"jsonrpc": "2.0", "method": "no/such", "params": {"text": LONG}}) * 2_000)
    assert "result" in fresh.call(1, "mission/list")
