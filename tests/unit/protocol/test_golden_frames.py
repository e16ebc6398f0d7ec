"""The golden frames fit the JSON Schema, and the OpenRPC document is one."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from committed import read
from jsonschema import Draft7Validator, Draft202012Validator

from orchestrator.domain.events import EVENT_TYPES
from orchestrator_protocol.methods import METHODS

BUNDLE = read("schema/protocol.schema.json")
OPENRPC = read("schema/openrpc.json")
FRAMES = {name: read(f"conformance/{name}.json") for name in ("requests", "results", "events")}
VALID = [(name, params) for name, cases in FRAMES["requests"].items() for params in cases["valid"]]
INVALID = [(name, case["params"]) for name, cases in FRAMES["requests"].items() for case in cases["invalid"]]


def validator(shape: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/$defs/{shape}", "$defs": BUNDLE["$defs"]})


def shown(value: object) -> str:
    return json.dumps(value)[:60]


def test_the_bundle_is_a_schema() -> None:
    Draft202012Validator.check_schema(BUNDLE)


@pytest.mark.parametrize(("method", "params"), VALID, ids=shown)
def test_valid_params_fit(method: str, params: Any) -> None:
    validator(METHODS[method].params.__name__).validate(params)


@pytest.mark.parametrize(("method", "params"), INVALID, ids=shown)
def test_invalid_params_do_not(method: str, params: Any) -> None:
    assert not validator(METHODS[method].params.__name__).is_valid(params)


@pytest.mark.parametrize("method", FRAMES["results"])
def test_results_fit(method: str) -> None:
    result = METHODS[method].result
    assert result
    for frame in FRAMES["results"][method]:
        validator(result.__name__).validate(frame)


def test_events_fit() -> None:
    for event in FRAMES["events"]:
        validator("MissionEvent").validate(event)


def test_an_event_is_held_to_the_shape_of_its_type() -> None:
    event = next(event for event in FRAMES["events"] if event["type"] == "mission.ended")
    assert not validator("MissionEvent").is_valid(event | {"data": {"status": "stopped"}})
    later = event | {"type": "a.later_version", "data": {"anything": 1}}
    validator("MissionEvent").validate(later)


def test_every_event_has_a_shape() -> None:
    told = [case["if"]["properties"]["type"]["const"] for case in BUNDLE["$defs"]["MissionEvent"]["allOf"]]
    assert told == list(EVENT_TYPES)


def test_the_openrpc_document_is_valid(node_modules: Path) -> None:
    script = "console.log(JSON.stringify(require('@open-rpc/meta-schema').openrpcDocument))"
    done = subprocess.run(["node", "-e", script], cwd=node_modules, capture_output=True, check=True, timeout=60)
    # The two references lead to the network: to the schema of schemas, which is checked above.
    text = done.stdout.decode().replace('"$ref":"https://meta.json-schema.tools"', '"type":"object"')
    meta = json.loads(
        text.replace('{"$ref":"https://meta.json-schema.tools/#/definitions/JSONSchemaObject/properties/$ref"}', "true")
    )
    meta.pop("$schema")
    Draft7Validator(meta).validate(OPENRPC)


def test_the_openrpc_document_names_every_method() -> None:
    assert [method["name"] for method in OPENRPC["methods"]] == list(METHODS)
    requests = {method["name"] for method in OPENRPC["methods"] if "result" in method}
    assert requests == {name for name, method in METHODS.items() if method.result}
    components = OPENRPC["components"]
    for method in OPENRPC["methods"]:
        for error in method.get("errors", ()):
            assert error["$ref"].rpartition("/")[2] in components["errors"]
