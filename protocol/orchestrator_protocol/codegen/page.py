"""The generated parts of docs/protocol.md, and the page: `templates/protocol.md` with the parts in their places."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from importlib.resources import files
from typing import Any, cast

from orchestrator_protocol import PROTOCOL_VERSION
from orchestrator_protocol.codegen.bounds import bounds, default
from orchestrator_protocol.codegen.contract import ERROR_LIST, EVENT_NOUNS, Contract, Entry, common_errors
from orchestrator_protocol.codegen.schema import REF, Schema
from orchestrator_protocol.errors import ERRORS

_PLACE = re.compile(r"\{\{(\w+)(?::(\w+))?\}\}")
_KINDS = {
    (True, True): "request to the server",
    (True, False): "notification to the server",
    (False, True): "request to the client",
    (False, False): "notification to the client",
}


def page(contract: Contract) -> str:
    """The whole page. Raises ValueError for a place in the template that nothing fills."""
    template = (files("orchestrator_protocol.codegen") / "templates/protocol.md").read_text(encoding="utf-8")
    parts = {
        "methods": methods, "types": types, "events": events, "event_types": event_types, "words": words,
        "errors": errors, "method_table": method_table, "common_errors": common, "version": version,
    }  # fmt: skip

    def fill(place: re.Match[str]) -> str:
        name, detail = place[1], place[2]
        if name == "cap" and detail in contract.caps:
            return contract.caps[detail]
        if name in parts and not detail:
            return parts[name](contract)
        raise ValueError(f"nothing fills {place[0]} of the template")

    return _PLACE.sub(fill, template)


def version(_: Contract) -> str:
    """The protocol's version."""
    return str(PROTOCOL_VERSION)


def method_table(contract: Contract) -> str:
    """One line a method."""
    rows = [
        f"| [`{e.method.name}`](#{_anchor(e)}) | {_KINDS[e.is_to_server, e.is_request]} | {e.method.doc} |"
        for e in contract.entries
    ]
    return "\n".join(["| method | kind | what it does |", "|---|---|---|", *rows])


def _anchor(entry: Entry) -> str:
    """Where a method's heading is found."""
    return entry.method.name.replace("/", "").lower()


def methods(contract: Contract) -> str:
    """Every method with its params, result, errors and an example."""
    return "\n\n".join(_method(entry, contract) for entry in contract.entries)


def _method(entry: Entry, contract: Contract) -> str:
    method = entry.method
    kind = _KINDS[entry.is_to_server, entry.is_request]
    params = contract.definitions[method.params.__name__]
    parts = [f"### `{method.name}`\n{method.doc} ({kind})", _said(params), "Params:" + _fields(params)]
    if method.result:
        result = contract.definitions[method.result.__name__]
        parts.append("Result: " + "\n\n".join(filter(None, [_said(result), _fields(result).strip()])))
    if entry.errors:
        named = ", ".join(f"`{kind.name}`" for kind in entry.errors)
        parts.append(f"Errors: {named}; and [those of every request](#errors).")
    if example := _example(entry):
        parts.append("```json\n" + "\n".join(example) + "\n```")
    return "\n\n".join(filter(None, parts))


def _example(entry: Entry) -> list[str]:
    """The fullest golden params as a message, and the first golden result."""
    if not entry.params_examples:
        return []
    params = max(entry.params_examples, key=lambda example: len(_json(example)))
    sent: dict[str, Any] = {"jsonrpc": "2.0", "method": entry.method.name, "params": params}
    if not entry.is_request:
        return [_json(sent)]
    answered = [_json({"jsonrpc": "2.0", "id": 1, "result": entry.result_examples[0]})] if entry.result_examples else []
    return [_json({"jsonrpc": "2.0", "id": 1} | sent), *answered]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _said(schema: Schema) -> str:
    """The doc without its list of errors, which stands below."""
    return ERROR_LIST.sub("", schema.get("description", "")).strip()


def _fields(schema: Schema) -> str:
    lines = [_field(name, member, schema) for name, member in schema.get("properties", {}).items()]
    return "\n\n" + "\n".join(lines) if lines else " none"


def _field(name: str, member: Schema, schema: Schema) -> str:
    notes = bounds(member)
    if (value := default(member)) is not None:
        notes.append(f"default `{value}`")
    elif name not in schema.get("required", ()):
        notes.append("optional")
    said = " ".join(member.get("description", "").split())
    return f"- `{name}`: {', '.join([_type(member), *notes])}" + (f". {said}" if said else "")


def _type(schema: Schema) -> str:
    """A type in words."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(REF)
    if "const" in schema:
        return f"`{_json(schema['const'])}`"
    if "enum" in schema:
        return " or ".join(f"`{_json(word)}`" for word in schema["enum"])
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " or ".join(dict.fromkeys(_type(member) for member in schema[key]))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    rest = schema.get("additionalProperties")
    if schema.get("type") == "object" and isinstance(rest, dict):
        return "object of " + _type(cast("Schema", rest))
    return str(schema.get("type", "any"))


def types(contract: Contract) -> str:
    """The models that params and results are made of."""
    own = {model.__name__ for e in contract.entries for model in (e.method.params, e.method.result) if model}
    shapes = _shapes(contract, (n for n, noun in contract.nouns.items() if noun not in EVENT_NOUNS and n not in own))
    mentioned = json.dumps([schema.get("properties") for schema in contract.definitions.values()])
    elsewhere = [
        f"**{e.method.result.__name__}**: the result of [`{e.method.name}`](#{_anchor(e)})."
        for e in contract.entries
        if e.method.result and f'"{REF}{e.method.result.__name__}"' in mentioned
    ]
    return "\n\n".join([shapes, *dict.fromkeys(elsewhere)])


def event_types(contract: Contract) -> str:
    """The shapes that the data of events is made of."""
    own = set(contract.events.values())
    return _shapes(contract, (n for n, noun in contract.nouns.items() if noun in EVENT_NOUNS and n not in own))


def _shapes(contract: Contract, names: Iterable[str]) -> str:
    chosen = {name: contract.definitions[name] for name in sorted(names)}
    return "\n\n".join(
        f"**{name}**: " + "\n\n".join(filter(None, [_said(schema), _fields(schema).strip()]))
        for name, schema in chosen.items()
        if "enum" not in schema
    )


def events(contract: Contract) -> str:
    """Every event with the fields of its `data`."""
    return "\n\n".join(
        f"### `{kind}`\n" + _event(contract.definitions[shape]) for kind, shape in contract.events.items()
    )


def _event(schema: Schema) -> str:
    return _said(schema) + (_fields(schema) if schema.get("properties") else " No fields.")


def words(contract: Contract) -> str:
    """The sets of words that fields are made of."""
    return "\n".join(
        f"- **{name}**: {' · '.join(f'`{value}`' for value in schema['enum'])}." + _tail(schema)
        for name, schema in contract.definitions.items()
        if "enum" in schema
    )


def _tail(schema: Schema) -> str:
    said = " ".join(schema.get("description", "").split())
    return f" {said}" if said else ""


def common(_: Contract) -> str:
    """The errors that any request can get, in a sentence."""
    return ", ".join(f"`{kind.name}`" for kind in common_errors())


def errors(contract: Contract) -> str:
    """Every registered error."""
    rows = [
        f"| `{kind.name}` | {kind.code} | {kind.meaning} | {'yes' if kind.is_retry_useful else 'no'} | "
        f"{contract.hints.get(kind.name) or '—'} |"
        for kind in ERRORS.values()
    ]
    return "\n".join(["| name | code | meaning | retry helps | what to do |", "|---|---|---|---|---|", *rows])
