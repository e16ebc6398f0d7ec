"""The schema of the configuration files says what the reader says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from orchestrator.config.document import configuration_schema
from orchestrator.config.reading import read_document

SCHEMA = configuration_schema()


def shapes() -> dict[str, dict[str, Any]]:
    return {"": SCHEMA, **SCHEMA["$defs"]}


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_every_key_is_described() -> None:
    bare = [f"{name}.{key}" for name, shape in shapes().items() for key, member in shape["properties"].items()
            if not member.get("description")]  # fmt: skip
    assert not bare


def test_unknown_keys_are_refused() -> None:
    assert all(shape["additionalProperties"] is False for shape in shapes().values())


def test_examples_fit_reader_and_schema() -> None:
    examples = {key: example for key, member in SCHEMA["properties"].items() for example in member.get("examples", ())}
    assert {"checks", "models", "providers", "limits", "sandbox"} <= set(examples)
    for key, example in examples.items():
        Draft202012Validator(SCHEMA).validate({key: example})
        assert not read_document(json.dumps({key: example}), key).problems


@pytest.mark.parametrize(
    "data",
    [
        {"limits": {"slots": 51}}, {"limits": {"slotz": 1}}, {"checks": [{"name": "a"}]}, {"setup": [""]},
        {"providers": {"a": {"key": "sk-live"}}}, {"approval": "yes"}, {"budget": {"tokens": 0}}, {"host": ""},
        {"sandbox": {"required": ["magic"]}}, {"models": {"worker": []}}, {"models": {"worker": ["nameless"]}},
    ],
)  # fmt: skip
def test_what_the_reader_refuses_the_schema_refuses(data: dict[str, Any]) -> None:
    assert not Draft202012Validator(SCHEMA).is_valid(data)
    assert read_document(json.dumps(data), "x").problems
