"""What a client says of itself in `initialize`, and what it gets for it."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(("version", "older"), [(0, "client"), (2, "server"), (99, "server")])
def test_another_version_of_the_protocol_is_refused_and_can_be_corrected(start, tmp_path, version, older) -> None:
    wire = start()
    said = {"experimental": {"orchestrator": {"protocolVersion": version}}}
    error = wire.initialize(tmp_path, capabilities=said)["error"]
    assert error["data"]["code"] == "protocol_mismatch"
    assert f"version {version}" in error["message"]
    assert error["data"]["hint"] == f"upgrade the {older}"
    assert wire.call(1, "mission/list", {})["error"]["code"] == -32002
    assert "result" in wire.initialize(tmp_path)
    assert "result" in wire.call(2, "mission/list", {})


@pytest.mark.parametrize(
    ("ours", "is_told"), [({}, False), ({"show": {"notices": True}}, True), ({"host": {"name": "ed"}}, True)]
)
def test_notices_are_for_those_who_ask(start, tmp_path, ours, is_told) -> None:
    wire = start()
    wire.initialize(tmp_path, capabilities={"experimental": {"orchestrator": ours}})
    started = wire.call(1, "mission/start", {"text": "x"})["result"]
    wire.call(2, "mission/stop", {"missionId": started["missionId"]})
    seen = []
    while not any(frame.get("params", {}).get("type") == "mission.ended" for frame in seen):
        seen.append(wire.next())
    wire.call(3, "no/such")
    while wire._kept:
        seen.append(wire.next())
    told = [frame["params"] for frame in seen if frame.get("method") == "host/notify"]
    assert [(one["level"], one["title"]) for one in told] == ([("info", "stopped")] if is_told else [])


def test_a_client_can_choose_the_events_that_it_is_told(start, tmp_path) -> None:
    wire = start()
    ours = {"show": {"eventTypes": ["mission.ended", "no.such"]}}
    wire.initialize(tmp_path, capabilities={"experimental": {"orchestrator": ours}})
    started = wire.call(1, "mission/start", {"text": "x"})["result"]
    wire.call(2, "mission/stop", {"missionId": started["missionId"]})
    told = wire.matching(lambda frame: frame.get("method") == "mission/event")["params"]
    assert told["type"] == "mission.ended", "the first that comes"
    page = wire.call(3, "mission/events", {})["result"]["events"]
    assert page[0]["type"] == "mission.accepted", "all can be asked for"
    assert page[-1]["seq"] == told["seq"]


@pytest.mark.parametrize(
    ("options", "is_announced"), [(None, True), ({"commands": True}, True), ({"commands": False}, False), ([1], True)]
)
def test_a_client_can_do_without_announced_commands(start, tmp_path, options, is_announced) -> None:
    wire = start()
    answer = wire.initialize(tmp_path, initializationOptions=options)["result"]["capabilities"]
    assert ("executeCommandProvider" in answer) is is_announced
    command = {"command": "orchestrator.mission.list", "arguments": []}
    assert wire.call(1, "workspace/executeCommand", command)["result"] == {"missions": []}, "they work all the same"
