"""Taking secrets out of events before anybody decides on them, writes them down or hears of them."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any, Final, cast, get_args, get_type_hints

from orchestrator.domain.events import Event
from orchestrator.redaction import redact

_TEXTS: Final = frozenset(
    {
        "acceptance",
        "detail",
        "hint",
        "instructions",
        "left_out",
        "message",
        "problems",
        "reason",
        "subject",
        "text",
        "title",
        "why",
    }
)
"""Fields that hold words of people, models and programs. Commands, paths and ids are left as they are: they are acted
on later, and the guardian reports secrets in files."""


def redacted(event: Event) -> Event:
    """The event without secrets in its words; the same object when there was none."""
    return cast("Event", _clean(event))


def _clean(value: object) -> object:
    if isinstance(value, tuple):
        items = cast("tuple[object, ...]", value)
        cleaned = tuple(_clean(item) for item in items)
        return cleaned if any(new is not old for new, old in zip(cleaned, items, strict=True)) else items
    if not is_dataclass(value) or isinstance(value, type):
        return value
    changes: dict[str, object] = {}
    for name, is_text in _parts(type(value)):
        old = getattr(value, name)
        new = _clean_text(old) if is_text else _clean(old)
        if new is not old:
            changes[name] = new
    return replace(cast("Any", value), **changes) if changes else value


def _clean_text(value: object) -> object:
    if isinstance(value, str):
        result = redact(value)
        return result.text if result.count else value
    if isinstance(value, tuple):
        items = cast("tuple[object, ...]", value)
        cleaned = tuple(_clean_text(item) for item in items)
        return cleaned if cleaned != items else items
    return value


@cache
def _parts(kind: type) -> tuple[tuple[str, bool], ...]:
    """The fields of a dataclass that may hold words, and whether each is words itself. Most events have none."""
    hints = get_type_hints(kind)
    found = [(f.name, f.name in _TEXTS) for f in fields(kind)]
    return tuple((name, is_text) for name, is_text in found if is_text or _has_parts(hints[name]))


def _has_parts(hint: object) -> bool:
    """Whether a value of this type may hold words in fields of its own, or of what it is made of."""
    if isinstance(hint, type) and is_dataclass(hint):
        return bool(_parts(hint))
    return any(_has_parts(part) for part in get_args(hint))
