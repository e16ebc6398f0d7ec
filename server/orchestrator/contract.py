"""What only the server knows of the contract: its events, caps and hints, and the configuration's schema.

`python -m orchestrator.contract` writes `protocol/schema/server.json`, from which `python -m
orchestrator_protocol.codegen` makes the documents for clients, and `protocol/schema/configuration.schema.json`.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any, cast

from pydantic import TypeAdapter
from pydantic.alias_generators import to_camel

from orchestrator.config.document import configuration_schema
from orchestrator.domain.events import EVENT_TYPES
from orchestrator.rpc.limits import DEFAULT as CONNECTION
from orchestrator.rpc.limits import MEBIBYTE
from orchestrator_protocol.codegen.schema import REF, Schema, WireSchema, tidy
from orchestrator_protocol.codegen.source_docs import read_source_docs
from orchestrator_protocol.event import MAX_EVENTS

_ROW = re.compile(r"^\| `(?P<code>[a-z_]+)` \| (?:(?P<number>-?\d+) \| )?[^|]+ \| (?P<advice>[^|]+) \|$", re.MULTILINE)


def documents(root: Path) -> dict[Path, str]:
    """The two files of the repository at `root`, by path."""
    pages = {"server.json": server_part(root), "configuration.schema.json": configuration_schema()}
    return {
        root / "protocol/schema" / name: json.dumps(page, indent=2, ensure_ascii=False) + "\n"
        for name, page in pages.items()
    }


def server_part(root: Path) -> dict[str, Any]:
    """Events and their shapes, what to do about each error (from docs/errors.md), and the caps of a connection."""
    events, shapes = event_shapes()
    return {
        "about": "What the server adds to the contract. Written by python -m orchestrator.contract.",
        "events": events,
        "$defs": shapes,
        "hints": _hints((root / "docs/errors.md").read_text(encoding="utf-8")),
        "caps": _caps(),
    }


def event_shapes() -> tuple[dict[str, str], dict[str, Schema]]:
    """The name of the shape of each event's `data`, and all shapes, as they travel: in camelCase."""
    adapters: dict[str, TypeAdapter[Any]] = {name: TypeAdapter(kind) for name, kind in EVENT_TYPES.items()}
    refs, bundle = TypeAdapter.json_schemas(
        [(name, "serialization", adapter) for name, adapter in adapters.items()],
        ref_template=REF + "{model}",
        schema_generator=WireSchema,
    )
    words = read_source_docs().words
    names = {name: kind.__name__ for name, kind in EVENT_TYPES.items()}
    raw = cast("dict[str, Schema]", bundle.get("$defs", {}))
    raw |= {names[name]: schema for (name, _), schema in refs.items() if "$ref" not in schema}
    shapes = {name: _said_of_words(_camel(tidy(schema, words))) for name, schema in sorted(raw.items())}
    return names, _without_twins(shapes)


def _without_twins(shapes: dict[str, Schema]) -> dict[str, Schema]:
    """The shapes without those sets of words that the wire's models name already."""
    text = json.dumps({name: schema for name, schema in shapes.items() if "$ref" not in schema})
    for name, schema in shapes.items():
        if "$ref" in schema:
            text = text.replace(f'"{REF}{name}"', f'"{schema["$ref"]}"')
    return json.loads(text)


def _said_of_words(schema: Schema) -> Schema:
    """An enumeration's docs without what only Python code can see: properties and names of members."""
    if "enum" not in schema:
        return schema
    sentences = re.split(r"(?<=\.)\s+", schema.get("description", ""))
    kept = " ".join(sentence for sentence in sentences if not re.search(r"`is[_A-Z]", sentence))
    return schema | {"description": re.sub(r"`[A-Z_]+`", lambda match: match[0].lower(), kept)}


def _camel(schema: Schema) -> Schema:
    """A shape with the names of its fields as they travel."""
    if "properties" not in schema:
        return schema
    return schema | {
        "properties": {to_camel(name): member for name, member in schema["properties"].items()},
        "required": [to_camel(name) for name in schema.get("required", ())],
    }


def _hints(page: str) -> dict[str, str]:
    """A code with a number is explained where it has one; other tables tell of its other uses."""
    rows = sorted(_ROW.finditer(page), key=lambda row: row["number"] is not None)
    return {row["code"]: _plain(row["advice"]) for row in rows}


def _plain(advice: str) -> str:
    """Markdown as plain text."""
    return re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", advice).replace("*", "").replace("`", "").strip()


def _caps() -> dict[str, str]:
    """The bounds that the page shows, in the units of a reader."""
    return {
        "frame": f"{CONNECTION.frame_bytes // MEBIBYTE} MiB",
        "header": f"{CONNECTION.header_bytes // 1024} KiB",
        "nesting": f"{CONNECTION.nesting} levels",
        "pending": str(CONNECTION.pending_requests),
        "incomplete_frame": f"{CONNECTION.incomplete_frame_s:g} s",
        "slow_reader": f"{CONNECTION.slow_reader_s:g} s",
        "events_held": f"{CONNECTION.event_bytes // MEBIBYTE} MiB",
        "outbox": f"{CONNECTION.outbox_bytes // MEBIBYTE} MiB",
        "drain": f"{CONNECTION.drain_s:g} s",
        "client_reply": f"{CONNECTION.client_reply_s:g} s",
        "events": f"{MAX_EVENTS:,}",
    }


def main() -> None:
    """Write both files into the repository that is the current folder."""
    for path, text in documents(Path.cwd()).items():
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path.relative_to(Path.cwd())}\n")


if __name__ == "__main__":
    main()
