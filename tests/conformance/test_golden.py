"""The golden frames, against the models and against a running server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError
from wire import Wire, framed, note, request

from orchestrator.domain.events import EVENT_TYPES
from orchestrator_protocol.event import MissionEvent
from orchestrator_protocol.methods import METHODS

GOLDEN = Path(__file__).parents[2] / "protocol" / "conformance"


def golden(name: str):
    return json.loads((GOLDEN / name).read_text(encoding="utf-8"))


REQUESTS = golden("requests.json")
RESULTS = golden("results.json")
DIALOGUES = golden("dialogues.json")
INVALID = [(method, case["params"], case["field"]) for method, cases in REQUESTS.items() for case in cases["invalid"]]


def test_every_request_has_golden_frames() -> None:
    requests = {m.name for m in METHODS.values() if m.result}
    assert set(REQUESTS) == requests
    assert set(RESULTS) == requests


@pytest.mark.parametrize("method", sorted(REQUESTS))
def test_valid_params_fit(method) -> None:
    for params in REQUESTS[method]["valid"]:
        model = METHODS[method].params.model_validate(params)
        assert model.model_dump(by_alias=True, exclude_unset=True) == params


@pytest.mark.parametrize(("method", "params", "field"), INVALID)
def test_invalid_params_are_refused(method, params, field) -> None:
    with pytest.raises(ValidationError) as caught:
        METHODS[method].params.model_validate(params)
    assert field in {str(error["loc"][0]) for error in caught.value.errors()}


def test_invalid_params_are_refused_on_the_wire(wire) -> None:
    for number, (method, params, field) in enumerate(INVALID):
        error = wire.call(number, method, params)["error"]
        assert error["code"] == -32602
        assert f"params.{field}" in error["message"]


@pytest.mark.parametrize("method", sorted(RESULTS))
def test_results_are_read_and_written_the_same(method) -> None:
    model = METHODS[method].result
    assert model is not None
    for result in RESULTS[method]:
        assert model.model_validate(result).model_dump(by_alias=True, mode="json") == result


def test_events_are_read_and_written_the_same() -> None:
    for event in golden("events.json"):
        assert MissionEvent.model_validate(event).model_dump(by_alias=True) == event
        names = {
            "".join(part.title() for part in f.split("_")) for f in EVENT_TYPES[event["type"]].__dataclass_fields__
        }
        assert {name[0].upper() + name[1:] for name in event["data"]} == names


def holds(found: object, wanted: object) -> bool:
    """Whether what was found has at least the fields that are wanted."""
    if isinstance(wanted, dict) and wanted:
        return isinstance(found, dict) and all(k in found and holds(found[k], v) for k, v in wanted.items())
    return found == wanted


def is_harmless(case: dict) -> bool:
    """Whether the server is as before afterwards, so that one server can serve many such cases."""
    return case["phase"] == "open" and not case.get("end") and case["name"] != "shutdown"


def send(wire: Wire, case: dict) -> None:
    if "sendRaw" in case:
        wire.raw(case["sendRaw"].encode())
    else:
        wire.raw(framed(case["sendText"].encode() if "sendText" in case else case["send"]))


def assert_replies(replies: list, case: dict) -> None:
    assert len(replies) == len(case["replies"])
    for found, wanted in zip(replies, case["replies"], strict=True):
        assert holds(found, wanted), (found, wanted)


HARMLESS = [case for case in DIALOGUES if is_harmless(case)]
OTHERS = [case for case in DIALOGUES if not is_harmless(case)]


@pytest.mark.parametrize("case", HARMLESS, ids=[case["name"] for case in HARMLESS])
def test_dialogue(wire, case) -> None:
    send(wire, case)
    replies = [wire.next() for _ in case["replies"]]
    wire.send(request("last", "no/such"))
    while (frame := wire.next())["id"] != "last":
        replies.append(frame)
    assert_replies(replies, case)


@pytest.mark.parametrize("case", OTHERS, ids=[case["name"] for case in OTHERS])
def test_dialogue_with_a_server_of_its_own(start, tmp_path, case) -> None:
    wire: Wire = start()
    if case["phase"] != "fresh":
        wire.initialize(tmp_path)
    if case["phase"] == "shut":
        wire.call("shut", "shutdown")
    send(wire, case)
    if not case.get("end"):
        wire.send(request("last", "no/such"), note("exit"))
    replies = []
    while (frame := wire.next()) is not None:
        replies.append(frame)
    if not case.get("end"):
        assert replies.pop()["id"] == "last"
    assert_replies(replies, case)
