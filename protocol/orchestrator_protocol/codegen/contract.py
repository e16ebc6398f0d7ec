"""All that the documents are made of, gathered once."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from orchestrator_protocol.codegen.schema import REF, Schema, model_schemas, words_schema
from orchestrator_protocol.codegen.source_docs import read_source_docs
from orchestrator_protocol.errors import ERRORS, ErrorKind, code_of
from orchestrator_protocol.methods import METHODS, Method

UNREGISTERED = "orchestrator_error"
EVENT_MODEL = "MissionEvent"
EVENT_NOUN = "event_data"
EVENT_NOUNS = (EVENT_NOUN, "event_parts")
"""Where the data of events stand, and where what they are made of."""
ERROR_LIST = re.compile(r"\s*\bErrors: ((?:[a-z_,\s]|\([^)]*\))+)\.")
"""Where a docstring lists errors; remarks in brackets are for people."""
_ALWAYS = ("invalid_params", "internal_error", "request_cancelled", "server_closing", "server_busy")


@dataclass(frozen=True, slots=True)
class Entry:
    """One method with its examples (golden frames); `errors` are those of its own."""

    method: Method
    errors: tuple[ErrorKind, ...]
    params_examples: tuple[Any, ...]
    result_examples: tuple[Any, ...]

    @property
    def is_request(self) -> bool:
        """Whether it gets a reply."""
        return self.method.result is not None

    @property
    def is_to_server(self) -> bool:
        """Whether the client sends it."""
        return self.method.direction == "client_to_server"


@dataclass(frozen=True, slots=True)
class Contract:
    """`definitions` are the shapes by name, `nouns` the module of each; `events` names the shape of each type's `data`.

    `hints` says for each error what to do; `caps` are the server's bounds by name, as they are shown to people.
    """

    definitions: dict[str, Schema]
    nouns: dict[str, str]
    entries: tuple[Entry, ...]
    events: dict[str, str]
    hints: dict[str, str]
    caps: dict[str, str]


def gather(protocol: Path) -> Contract:
    """The contract of the package, with `schema/server.json` and the golden frames of the folder `protocol`."""
    docs = read_source_docs()
    definitions = model_schemas(docs)
    nouns = {name: docs.nouns.get(name.removesuffix("Input"), docs.nouns.get(name, "")) for name in definitions}
    server = apart_from(definitions, _read(protocol / "schema/server.json"))
    data = frozenset(server["events"].values())
    nouns |= {name: EVENT_NOUNS[0 if name in data else 1] for name in server["$defs"]}
    definitions |= server["$defs"]
    mentioned = json.dumps(definitions)
    for words in docs.words.values():
        if f'"{REF}{words.name}"' in mentioned:
            definitions[words.name] = words_schema(words)
            nouns[words.name] = words.noun
    events = {kind: str(name) for kind, name in server["events"].items()}
    definitions[EVENT_MODEL] = _told_apart(definitions[EVENT_MODEL], events)
    entries = tuple(_entry(method, protocol / "conformance") for method in METHODS.values())
    return Contract(dict(sorted(definitions.items())), nouns, entries, events, server["hints"], server["caps"])


def _read(path: Path) -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads(path.read_text(encoding="utf-8")))


def apart_from(definitions: dict[str, Schema], server: dict[str, Any]) -> dict[str, Any]:
    """The server's part, in which no shape has the name of a wire model: such a one is called "Event…"."""
    new = {name: f"Event{name}" if name in definitions else name for name in server["$defs"]}
    shapes = json.dumps(server["$defs"])
    for name, own in new.items():
        shapes = shapes.replace(f'"{REF}{name}"', f'"{REF}{own}"')
    return server | {
        "$defs": {new[name]: shape for name, shape in json.loads(shapes).items()},
        "events": {kind: new[name] for kind, name in server["events"].items()},
    }


def _told_apart(event: Schema, events: dict[str, str]) -> Schema:
    """The event's schema, with the shape of `data` by `type`. A type of a later version keeps any `data`."""
    return event | {
        "allOf": [
            {
                "if": {"properties": {"type": {"const": kind}}},
                "then": {"properties": {"data": {"$ref": REF + name}}},
            }
            for kind, name in events.items()
        ]
    }


def _entry(method: Method, golden: Path) -> Entry:
    requests, results = _read(golden / "requests.json"), _read(golden / "results.json")
    params = requests.get(method.name, {"valid": []})["valid"]
    named = ERROR_LIST.search(method.params.__doc__ or "")
    names = re.findall(r"[a-z_]+", re.sub(r"\([^)]*\)", "", named[1])) if named else []
    kinds = tuple(ERRORS.get(name) or ErrorKind(name, code_of(name), ERRORS[UNREGISTERED].meaning) for name in names)
    return Entry(method, kinds, tuple(params), tuple(results.get(method.name, [])))


def common_errors() -> tuple[ErrorKind, ...]:
    """The errors that any request can get."""
    return tuple(ERRORS[name] for name in _ALWAYS)
