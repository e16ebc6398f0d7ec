"""Everything that a careless or broken peer may do: one reply to every request, and the server lives."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from wire import FLOODING, framed, note, request


def lives(wire) -> bool:
    """Whether the server still answers."""
    return "result" in wire.call("lives", "mission/list")


@pytest.mark.parametrize(
    ("method", "params", "place"),
    [
        ("mission/status", {}, "params.missionId"),
        ("mission/status", None, "params.missionId"),
        ("mission/status", {"missionId": 5}, "params.missionId"),
        ("mission/status", [1], "params must be an object"),
        ("mission/status", "x", "params must be an object"),
        ("mission/start", {"text": "x", "delivery": "mail"}, "params.delivery"),
        ("mission/start", {"text": "x", "maxIterations": 0}, "params.maxIterations"),
        ("mission/start", {"text": "x", "trust": 1}, "params.trust"),
        ("mission/start", {"text": "x", "colour": 1}, "params.colour"),
        ("mission/events", {"afterSeq": "1"}, "params.afterSeq"),
        ("mission/events", {"afterSeq": 1e300}, "params.afterSeq"),
        ("mission/events", {"limit": 1001}, "params.limit"),
        ("mission/events", {"afterSeq": 1 << 63}, "params.afterSeq"),
        ("task/log", {"missionId": "x", "taskId": "y", "afterSeq": 1 << 70}, "params.afterSeq"),
        ("mission/start", {"text": "x", "budget": {"tokens": 1 << 70}}, "params.budget.tokens"),
        ("mission/start", {"text": "x", "budget": {"moneyUsd": 1e308}}, "params.budget.moneyUsd"),
        ("mission/start", {"text": "x", "budget": {"wallTimeS": 1e308}}, "params.budget.wallTimeS"),
        ("mission/start", {"text": "x", "context": [{"path": "a", "firstLine": 1 << 70}]}, "firstLine"),
        ("budget/change", {"missionId": "x", "moneyUsd": 1e308}, "params.moneyUsd"),
        ("budget/reserve", {"sessionId": "x", "tokens": 1, "moneyUsd": 1e308}, "params.moneyUsd"),
        ("budget/settle", {"sessionId": "x", "reservationId": "x", "tokens": 1 << 63}, "params.tokens"),
        ("textDocument/codeAction", {"x": 1}, "textDocument/codeAction"),
    ],
)
def test_bad_params_are_named(wire, method, params, place) -> None:
    error = wire.call(1, method, params)["error"]
    assert error["code"] == -32602
    assert place in error["message"]
    assert error["data"]["code"] == "invalid_params"
    assert "Traceback" not in json.dumps(error)
    assert lives(wire)


def test_jsonrpc_as_a_key_inside_params_is_data(wire) -> None:
    assert wire.call(1, "mission/status", {"jsonrpc": "2.0"})["error"]["code"] == -32602
    assert lives(wire)


def test_a_failing_handler_leaks_nothing(wire) -> None:
    error = wire.call(1, "mission/start", {"text": "raise"})["error"]
    assert error["code"] == -32603
    assert "secret" not in json.dumps(error)
    assert "Traceback" not in json.dumps(error)
    assert lives(wire)
    assert wire.has_logged(b"a secret inside")


def test_a_result_that_can_not_be_encoded(wire) -> None:
    mission_id = wire.call(1, "mission/start", {"text": "no text"})["result"]["missionId"]
    error = wire.call(2, "mission/diff", {"missionId": mission_id})["error"]
    assert error["code"] == -32603
    assert "Traceback" not in json.dumps(error)
    assert lives(wire)


def test_an_unregistered_error_travels_with_its_name(wire) -> None:
    error = wire.call(1, "mission/start", {"text": "unencodable"})["error"]
    assert error["code"] == 1000
    assert error["data"]["code"] == "unheard_of"


def test_domain_errors_carry_code_and_hint(wire) -> None:
    error = wire.call(1, "mission/start", {"text": " "})["error"]
    assert error == {
        "code": 1100,
        "message": "the mission is empty",
        "data": {"code": "empty_mission", "hint": "say what should be done"},
    }


@pytest.mark.parametrize("body", [b"{", b"", b"nonsense", b'{"id":1,}', b'"\xff"', b"\x00" * 10])
def test_invalid_json(wire, body) -> None:
    wire.send(body)
    assert wire.reply(None)["error"]["code"] == -32700
    assert lives(wire)


@pytest.mark.parametrize("batch", [[], [request(1, "mission/list")], [request(1, "mission/list")] * 3, [1, 2]])
def test_batches_get_one_error(wire, batch) -> None:
    wire.send(batch, request("after", "mission/list"))
    assert wire.next()["error"]["code"] == -32600
    assert wire.next()["id"] == "after"


@pytest.mark.parametrize(
    "header",
    [
        b"content-length: %d\r\n\r\n",
        b"CONTENT-LENGTH:%d\r\n\r\n",
        b"Content-Length: %d\n\n",
        b"X-Unknown: 1\r\nContent-Length: %d\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n",
        b"\r\n\r\nContent-Length: %d\r\n\r\n",
        b"Content-Length:   %d  \n\r\n",
    ],
)
def test_tolerant_headers(wire, header) -> None:
    body = json.dumps(request(7, "mission/list")).encode()
    wire.raw(header % len(body) + body)
    assert "result" in wire.reply(7)
    assert lives(wire)


def test_a_frame_byte_by_byte(wire) -> None:
    for byte in framed(request(7, "mission/list")):
        wire.raw(bytes([byte]))
    assert "result" in wire.reply(7)


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Length: 1000000000000\r\n\r\n",
        b"Content-Length: 20000000000\r\n\r\n",
        b"Content-Length: %s\r\n\r\n" % (b"9" * 5_000),
        b"x" * 20_000,
    ],
)
def test_hopeless_headers_end_the_connection_with_a_reason(start, tmp_path, header) -> None:
    wire = start()
    wire.initialize(tmp_path)
    wire.raw(header)
    error = wire.reply(None)["error"]
    assert error["code"] == -32600
    assert error["message"]
    assert wire.has_ended(1)


def test_a_huge_announced_size_is_never_allocated(start, tmp_path) -> None:
    wire = start()
    wire.initialize(tmp_path)
    wire.raw(b"Content-Length: %d\r\n\r\n{" % (64 << 20))
    time.sleep(0.3)
    status = Path(f"/proc/{wire.server_pid}/status").read_text()
    peak_kb = int(status.split("VmHWM:")[1].split()[0])
    assert peak_kb < 150_000
    wire.close_input()
    assert "ended inside a frame" in wire.reply(None)["error"]["message"]


def test_an_incomplete_frame_has_a_deadline(start, tmp_path) -> None:
    wire = start(env={"FAKE_FRAME_S": "0.3"})
    wire.initialize(tmp_path)
    time.sleep(0.6)
    assert lives(wire)
    wire.raw(framed(request(1, "mission/list"))[:-3])
    assert "nothing arrived" in wire.reply(None)["error"]["message"]
    assert wire.next() is None


def test_before_initialize(start) -> None:
    wire = start()
    for number, method in enumerate(("mission/list", "shutdown", "textDocument/codeAction", "no/such")):
        assert wire.call(number, method, {})["error"]["code"] == -32002


def test_after_shutdown(start, tmp_path) -> None:
    wire = start()
    wire.initialize(tmp_path)
    assert wire.call(1, "shutdown")["result"] is None
    for number, method in enumerate(("mission/list", "shutdown", "initialize", "no/such"), 2):
        assert wire.call(number, method, {})["error"]["code"] == -32600
    wire.send(note("exit"))
    assert wire.has_ended(0)


def test_exit_without_shutdown(fresh) -> None:
    fresh.send(note("exit"))
    assert fresh.has_ended(1)


def test_a_second_initialize_is_refused(wire) -> None:
    assert wire.call(1, "initialize", {"capabilities": {}})["error"]["code"] == -32600


def test_a_workspace_that_does_not_exist_can_be_corrected(start, tmp_path) -> None:
    wire = start()
    error = wire.initialize(tmp_path / "gone")["error"]
    assert error["data"]["code"] in {"no_such_workspace", "wrong_workspace"}
    assert "result" in wire.initialize(tmp_path)
    assert lives(wire)


def test_no_root_means_no_missions(start) -> None:
    wire = start()
    assert "result" in wire.initialize(None)
    assert wire.call(1, "mission/list", {})["error"]["data"]["code"] == "no_workspace"


@pytest.mark.parametrize(
    "params", [None, [], 5, {"processId": "x"}, {"rootUri": 5}, {"capabilities": []}, {"workspaceFolders": [{}]}]
)
def test_bad_initialize(start, params) -> None:
    wire = start()
    reply = wire.call(1, "initialize", params)
    assert reply["error"]["code"] == -32602
    assert "result" in wire.initialize(None)


def test_unknown_methods_and_notifications(wire) -> None:
    assert wire.call(1, "no/such", {})["error"]["code"] == -32601
    assert wire.call(2, "textDocument/hover", {})["error"]["code"] == -32601
    wire.send(note("no/such", {}), note("textDocument/didChange", {"bad": 1}), note("$/setTrace", 5))
    assert lives(wire)


@pytest.mark.parametrize("bad_id", [None, True, 1.5, [], {}, "x" * 2_000, 1 << 70])
def test_unusable_ids(wire, bad_id) -> None:
    wire.send({"jsonrpc": "2.0", "id": bad_id, "method": "mission/list"})
    assert wire.reply(None)["error"]["code"] in {-32600, -32700}
    assert lives(wire)


def test_a_wrong_or_missing_version(wire) -> None:
    wire.send({"id": 1, "method": "mission/list"}, {"jsonrpc": "1.0", "id": 2, "method": "mission/list"})
    assert wire.reply(1)["error"]["code"] == -32600
    assert wire.reply(2)["error"]["code"] == -32600


def test_deep_nesting(wire) -> None:
    for depth in (200, 50_000):
        body = b'{"jsonrpc":"2.0","id":1,"method":"mission/list","params":' + b"[" * depth + b"]" * depth + b"}"
        wire.send(body)
        frame = wire.matching(lambda m: m.get("id") in {None, 1} and "error" in m)
        assert frame["error"]["code"] in {-32600, -32700}
    assert lives(wire)


def test_wide_params_are_no_deep_ones(wire) -> None:
    error = wire.call(1, "mission/status", {"missionId": "x", "more": [[]] * 1_000})["error"]
    assert error["code"] == -32602


def test_cancel_answers_once_and_at_once(fresh) -> None:
    fresh.send(request(1, "mission/start", {"text": "hang"}), note("$/cancelRequest", {"id": 1}))
    assert fresh.reply(1, 10.0)["error"]["code"] == -32800
    fresh.send(note("$/cancelRequest", {"id": 1}), note("$/cancelRequest", {"id": []}), note("$/cancelRequest"))
    assert lives(fresh)
    assert [f for f in fresh.rest() if f.get("id") == 1] == []


def test_no_late_reply_after_a_cancel(fresh) -> None:
    fresh.send(request(1, "mission/start", {"text": "very stubborn"}), note("$/cancelRequest", {"id": 1}))
    assert fresh.reply(1, 2.0)["error"]["code"] == -32800
    assert lives(fresh)
    assert [f for f in fresh.rest() if f.get("id") == 1] == []


def test_too_many_requests(wire) -> None:
    wire.send(*(request(n, "mission/start", {"text": "hang"}) for n in range(300)))
    wire.send(*(note("$/cancelRequest", {"id": n}) for n in range(300)))
    codes = [wire.reply(n)["error"]["code"] for n in range(300)]
    assert codes.count(1001) == 44
    assert codes.count(-32800) == 256
    assert lives(wire)


def test_a_full_pool_of_threads_stops_neither_reading_nor_answering(fresh) -> None:
    blocked = range(1, 101)
    fresh.send(*(request(n, "mission/start", {**FLOODING, "text": "block"}) for n in blocked))
    assert lives(fresh)
    assert all(fresh.due[n] for n in blocked)
    assert "result" in fresh.call("release", "mission/start", {**FLOODING, "text": "release"})
    assert all("result" in fresh.reply(n) for n in blocked)


def test_an_id_in_use(wire) -> None:
    wire.send(request(1, "mission/start", {"text": "hang"}), request(1, "mission/list"))
    assert "under way" in wire.reply(1)["error"]["message"]
    wire.send(note("$/cancelRequest", {"id": 1}))
    assert wire.reply(1)["error"]["code"] == -32800


def test_replies_that_nobody_asked_for(wire) -> None:
    wire.send({"jsonrpc": "2.0", "id": 99, "result": 1}, {"jsonrpc": "2.0", "id": "s1", "error": {}})
    wire.send({"jsonrpc": "2.0", "id": [], "result": None})
    assert lives(wire)
    assert wire.has_logged(b"never sent")


@pytest.mark.transports("stdio")
def test_stray_prints_do_not_reach_the_stream(wire) -> None:
    assert "result" in wire.call(1, "mission/start", {"text": "noise"})
    assert lives(wire)
    assert wire.has_logged(b"stray print")
    assert wire.has_logged(b"stray write")


def test_requests_under_way_are_answered_at_the_end_of_input(fresh) -> None:
    fresh.send(request(1, "mission/start", {"text": "stubborn"}), request(2, "mission/list"))
    replies = {f["id"]: f for f in fresh.rest() if "id" in f}
    assert "result" in replies[1]
    assert "result" in replies[2]


def test_requests_under_way_are_answered_at_exit(fresh) -> None:
    fresh.send(request(1, "mission/start", {"text": "hang"}), note("exit"))
    assert fresh.reply(1)["error"]["code"] == -32802


@pytest.mark.transports("stdio")
def test_the_service_is_closed_in_order(start, tmp_path) -> None:
    (tmp_path / "mark-close").touch()
    wire = start()
    wire.initialize(tmp_path)
    wire.rest()
    assert (tmp_path / "closed").read_text() == "yes"


def test_sigterm_answers_what_is_under_way_and_closes_the_service(start, tmp_path) -> None:
    wire = start(env={"FAKE_DRAIN_S": "0.2"})
    (tmp_path / "mark-close").touch()
    if wire.server:
        (wire.server.root / "mark-close").touch()
    wire.initialize(tmp_path)
    wire.send(request(1, "mission/start", {"text": "hang"}))
    assert lives(wire)
    wire.end_server()
    assert wire.reply(1)["error"]["code"] == -32802
    if wire.server:
        assert wire.next()["error"]["message"] == "the server was asked to end"
    assert wire.has_ended(1)
    if wire.server:
        wire.server.process.wait(10)
    assert ((wire.server.root if wire.server else tmp_path) / "closed").exists()


def test_sigterm_lets_what_runs_come_to_its_end(start, tmp_path) -> None:
    wire = start(env={"FAKE_DRAIN_S": "60"})
    wire.initialize(tmp_path)
    wire.send(request(1, "mission/start", {"text": "slow"}))
    assert lives(wire)
    wire.end_server()
    assert wire.reply(1)["result"]["status"] == "queued"
    assert wire.has_ended(1)


def test_a_dead_client_is_noticed_by_its_process(start, tmp_path) -> None:
    (tmp_path / "mark-close").touch()
    client = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        wire = start()
        assert "result" in wire.initialize(tmp_path, processId=client.pid)
        assert lives(wire)
    finally:
        client.kill()
        client.wait()
    assert wire.has_ended(1)
    if wire.server:
        assert lives_for_others(start, tmp_path)
    else:
        assert (tmp_path / "closed").exists()


def lives_for_others(start, root: Path) -> bool:
    """Whether another client is served, and sees the missions that were there before."""
    other = start()
    return "result" in other.initialize(root) and lives(other)


def test_a_client_that_never_reads_is_dropped(start, tmp_path) -> None:
    (tmp_path / "mark-close").touch()
    wire = start(env={"FAKE_SLOW_S": "0.5"}, is_reading=False)
    root = wire.server.root if wire.server else tmp_path
    wire.send(request("init", "initialize", {"rootUri": root.as_uri(), "capabilities": {}}))
    wire.send(request(1, "mission/start", FLOODING))
    wire.send(*(request(n, "mission/diff", {"missionId": "m-1"}) for n in range(2, 30)))
    assert wire.has_logged(b"read nothing for 0.5 s", 20)
    if not wire.server:
        wire.process.wait(10)
        assert (tmp_path / "closed").exists()
