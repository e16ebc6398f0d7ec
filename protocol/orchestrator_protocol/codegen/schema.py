"""JSON Schema (draft 2020-12) of the wire models: camelCase, described, with named sets of words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Literal, cast

from pydantic import BaseModel
from pydantic.alias_generators import to_camel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from orchestrator_protocol.codegen.source_docs import SourceDocs, Words, read_source_docs
from orchestrator_protocol.errors import ERRORS
from orchestrator_protocol.methods import METHODS
from orchestrator_protocol.wire import Result

DIALECT = "https://json-schema.org/draft/2020-12/schema"
REF = "#/$defs/"
Schema = dict[str, Any]
Mode = Literal["validation", "serialization"]


class WireSchema(GenerateJsonSchema):
    """What is sent holds every field, also one that has a default; only what is received may leave one out."""

    def field_is_required(self, field: Any, total: bool) -> bool:  # noqa: ANN401, FBT001 - pydantic's signature
        """Whether the field stands in every message of this mode."""
        return self.mode == "serialization" or super().field_is_required(field, total)


def model_schemas(docs: SourceDocs) -> dict[str, Schema]:
    """The definition of every public model by name; sets of words are references to `words_schema`.

    Also of models that no method mentions, such as those of `initialize`.
    """
    wanted: dict[tuple[type[BaseModel], Mode], None] = {}
    for method in METHODS.values():
        for model in (method.params, method.result):
            if model:
                wanted[model, mode_of(model)] = None
    reached = {name.partition("-")[0] for name in _definitions(wanted)}
    for name, model in docs.models.items():
        if name not in reached and not name.startswith("_"):
            wanted[model, mode_of(model)] = None
    found = _definitions(wanted)
    for (model, field), doc in docs.fields.items():
        for name in (model, f"{model}-Input", f"{model}-Output"):
            if name in found and to_camel(field) in found[name]["properties"]:
                found[name]["properties"][to_camel(field)].setdefault("description", doc)
    return {plain_name(name): tidy(definition, docs.words) for name, definition in found.items()}


def _definitions(wanted: Iterable[tuple[type[BaseModel], Mode]]) -> dict[str, Schema]:
    _, bundle = models_json_schema(
        list(wanted), by_alias=True, ref_template=REF + "{model}", schema_generator=WireSchema
    )
    return cast("dict[str, Schema]", bundle.get("$defs", {}))


def mode_of(model: type[BaseModel]) -> Mode:
    """What the server sends is whole; what it receives may leave out what has a default."""
    return "serialization" if issubclass(model, Result) else "validation"


def plain_name(name: str) -> str:
    """A definition's name in every language: what is received and what is sent may differ."""
    return name.removesuffix("-Output").replace("-Input", "Input")


def words_schema(words: Words) -> Schema:
    """The definition of a set of words."""
    described = {"description": wire_text(words.doc)} if words.doc else {}
    return {**described, "type": "string", "enum": list(words.values)}


def wire_text(text: str) -> str:
    """A docstring with the names of fields as they travel; names of errors and words stay as they are."""
    kept = ERRORS.keys() | {value for words in read_source_docs().words for value in words}
    return re.sub(
        r"`([a-z]+(?:_[a-z]+)+)`", lambda match: match[0] if match[1] in kept else f"`{to_camel(match[1])}`", text
    )


def tidy(schema: Schema, words: dict[tuple[str, ...], Words]) -> Schema:
    """The schema without made-up titles, with names for sets of words and plain names for references."""
    clean: Schema = {}
    for key, value in schema.items():
        if key == "title":
            continue
        if key == "description":
            clean[key] = wire_text(value)
        elif key == "$ref":
            clean[key] = REF + plain_name(str(value).removeprefix(REF))
        elif key in {"properties", "$defs"}:
            members = cast("dict[str, Schema]", value)
            clean[key] = {name: tidy(member, words) for name, member in members.items()}
        elif isinstance(value, dict) and key != "default":
            clean[key] = tidy(cast("Schema", value), words)
        elif isinstance(value, list) and key in {"anyOf", "oneOf", "allOf", "prefixItems"}:
            clean[key] = [tidy(member, words) for member in cast("list[Schema]", value)]
        else:
            clean[key] = value
    named = words.get(tuple(map(str, cast("list[object]", clean.get("enum", [])))))
    if named:
        rest = {key: value for key, value in clean.items() if key not in {"enum", "type"}}
        return {"$ref": REF + named.name, **rest}
    return clean
