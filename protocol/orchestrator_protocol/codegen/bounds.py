"""The bounds of a field in words, the same in every document."""

from __future__ import annotations

import json

from orchestrator_protocol.codegen.schema import Schema

_BOUNDS = (
    ("minLength", "at least {} characters"), ("maxLength", "at most {} characters"), ("minItems", "at least {} items"),
    ("maxItems", "at most {} items"), ("exclusiveMinimum", "above {}"), ("exclusiveMaximum", "below {}"),
    ("minimum", "at least {}"), ("maximum", "at most {}"), ("pattern", "matches `{}`"),
)  # fmt: skip


def bounds(member: Schema) -> list[str]:
    """What a field's type does not say: lengths, limits, pattern."""
    choices = [choice for choice in member.get("anyOf", ()) if choice.get("type") != "null"]
    if len(choices) == 1:
        return bounds(choices[0])
    items: Schema = member.get("items", {})
    own = [words.format(_number(member[key])) for key, words in _BOUNDS if key in member]
    return own + [f"each {words.format(_number(items[key]))}" for key, words in _BOUNDS if key in items]


def default(member: Schema) -> str | None:
    """The default as JSON, None when there is none."""
    return json.dumps(member["default"], ensure_ascii=False) if "default" in member else None


def _number(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
