"""The pieces of the generators, on small inputs."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.contract import event_shapes
from orchestrator.domain.events import EVENT_TYPES
from orchestrator_protocol.codegen import lua, typescript
from orchestrator_protocol.codegen.bounds import bounds, default
from orchestrator_protocol.codegen.contract import ERROR_LIST, Contract, apart_from
from orchestrator_protocol.codegen.schema import tidy, wire_text
from orchestrator_protocol.codegen.source_docs import Words, read_source_docs

KINDS: list[tuple[dict[str, Any], str, str]] = [
    ({"type": "string"}, "string", "string"),
    ({"type": "integer"}, "number", "integer"),
    ({"$ref": "#/$defs/Stage", "default": "base"}, "Stage", "orchestrator.Stage"),
    ({"enum": ["a", "b"], "type": "string"}, '"a" | "b"', '"a"|"b"'),
    ({"const": "a"}, '"a"', '"a"'),
    ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "number | null", "(integer|nil)"),
    ({"anyOf": [{"type": "integer"}, {"type": "number"}]}, "number", "(integer|number)"),
    ({"type": "array", "items": {"type": "string"}}, "readonly string[]", "string[]"),
    ({"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "null"}]}}, "readonly (string | null)[]",
     "(string|nil)[]"),
    ({"type": "object", "additionalProperties": {"type": "integer"}}, "Readonly<Record<string, number>>",
     "table<string, integer>"),
    ({"type": "object", "additionalProperties": True}, "Readonly<Record<string, unknown>>", "table<string, any>"),
    ({}, "unknown", "any"),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "in_typescript", "in_lua"), KINDS, ids=lambda value: str(value)[:40])
def test_types(schema: dict[str, Any], in_typescript: str, in_lua: str) -> None:
    assert typescript.type_of(schema) == in_typescript
    assert lua.type_of(schema) == in_lua


@pytest.mark.parametrize("generator", [typescript, lua])
def test_a_schema_without_a_counterpart_is_an_error(generator: Any) -> None:
    with pytest.raises(ValueError, match=r"no .* type for"):
        generator.type_of({"type": "magic"})


def test_bounds_in_words() -> None:
    limited = {"type": "integer", "minimum": 1, "maximum": 1000}
    assert bounds(limited) == ["at least 1", "at most 1,000"]
    assert bounds({"anyOf": [limited, {"type": "null"}]}) == ["at least 1", "at most 1,000"]
    assert bounds({"type": "array", "maxItems": 3, "items": {"minLength": 2}}) == [
        "at most 3 items", "each at least 2 characters",
    ]  # fmt: skip
    assert (default({"default": "x"}), default({"default": None}), default({})) == ('"x"', "null", None)


def test_names_of_fields_travel_in_camel_case_and_names_of_errors_do_not() -> None:
    said = wire_text("`mission_id` is wanted, else `unknown_mission`; `not_checked` is a word, mission_id no name here")
    assert said == "`missionId` is wanted, else `unknown_mission`; `not_checked` is a word, mission_id no name here"


@pytest.mark.parametrize(
    ("doc", "found"),
    [
        ("Ask. Errors: unknown_mission, no_workspace.", "unknown_mission, no_workspace"),
        ("Ask.\nErrors: a_b (a person said: no), c_d.", "a_b (a person said: no), c_d"),
        ("Errors are rare.", None),
    ],
)
def test_the_errors_of_a_docstring(doc: str, found: str | None) -> None:
    match = ERROR_LIST.search(doc)
    assert (match[1] if match else None) == found


def test_an_event_shape_never_takes_the_name_of_a_wire_model() -> None:
    server = {
        "$defs": {"Task": {"properties": {"other": {"$ref": "#/$defs/Task"}}}, "Own": {"type": "object"}},
        "events": {"task.added": "Task", "own.added": "Own"},
    }
    changed = apart_from({"Task": {}}, server)
    assert changed["events"] == {"task.added": "EventTask", "own.added": "Own"}
    assert changed["$defs"]["EventTask"]["properties"]["other"] == {"$ref": "#/$defs/EventTask"}


def test_sets_of_words_get_their_names() -> None:
    words = {("a", "b"): Words("Letters", ("a", "b"), "Two.", "alphabet")}
    schema = {
        "title": "X",
        "properties": {"title": {"title": "Title", "enum": ["a", "b"], "type": "string", "default": "a"}},
    }
    assert tidy(schema, words) == {"properties": {"title": {"$ref": "#/$defs/Letters", "default": "a"}}}


def test_every_event_has_its_fields_as_they_travel() -> None:
    names, shapes = event_shapes()
    assert list(names) == list(EVENT_TYPES)
    assert "attemptId" in shapes["AttemptStarted"]["properties"]
    assert set(shapes["AttemptStarted"]["required"]) == set(shapes["AttemptStarted"]["properties"])
    assert not [key for shape in shapes.values() for key in shape.get("properties", ()) if "_" in key]


def test_models_and_words_are_found_with_their_nouns(contract: Contract) -> None:
    docs = read_source_docs()
    assert docs.nouns["MissionStartParams"] == "mission"
    assert docs.words["apply", "branch", "patch"].name == "DeliveryMode"
    assert set(contract.nouns.values()) >= {"mission", "event", "event_data", "event_parts"}
    assert contract.nouns.keys() == contract.definitions.keys()
    assert all(contract.nouns.values())
