"""Renders the generated parts of docs/protocol.md. `python tests/unit/docs/render_protocol.py` rewrites them."""

from __future__ import annotations

import dataclasses
import inspect
import re
import types
from collections.abc import Iterable
from enum import Enum
from pathlib import Path
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

from orchestrator.domain import words
from orchestrator.domain.events import EVENT_TYPES
from orchestrator_protocol.methods import METHODS, Method

PAGE = Path(__file__).resolve().parents[3] / "docs/protocol.md"
_BEGIN = "<!-- generated: {} -->"
_END = "<!-- end of generated: {} -->"
_WORDS: dict[object, str] = {
    str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null", Any: "any", dict: "object",
}  # fmt: skip
_ENUMERATIONS: dict[tuple[str, ...], type[Enum]] = {
    tuple(word.value for word in kind): kind
    for kind in vars(words).values()
    if isinstance(kind, type) and issubclass(kind, Enum) and kind.__module__ == words.__name__
}
"""The named sets of words, by their words: wire models write them out."""


def rendered(text: str) -> str:
    """The page with its generated parts made anew. Raises ValueError when a marker is missing."""
    for name, make in PARTS.items():
        begin, end = _BEGIN.format(name), _END.format(name)
        pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        if len(pattern.findall(text)) != 1:
            raise ValueError(f"{PAGE.name} needs {begin} and {end} once")
        block = f"{begin}\n\n{make()}\n\n{end}"
        text = pattern.sub(lambda _, block=block: block, text)
    return text


def methods() -> str:
    """Every method with its fields."""
    return "\n\n".join(_method(method) for method in METHODS.values())


def _method(method: Method) -> str:
    kind = "request to the server" if method.result else "notification to the client"
    parts = [f"### `{method.name}`\n{method.doc} ({kind})"]
    if method.result:
        parts += [_doc(method.params), "Params:" + _fields(method.params), "Result: " + _model(method.result)]
    else:
        parts.append("Params: " + _model(method.params))
    return "\n\n".join(parts)


def _model(model: type[BaseModel]) -> str:
    return _doc(model) + _fields(model)


def _fields(model: type[BaseModel]) -> str:
    lines = [_field(field.alias or to_camel(name), field) for name, field in model.model_fields.items()]
    return "\n\n" + "\n".join(lines) if lines else " none"


def _field(name: str, field: FieldInfo) -> str:
    default = "" if field.is_required() else f", default {_default(field.default)}"
    return f"- `{name}`: {_type(field.annotation)}{default}"


def _default(value: object) -> str:
    shown = {True: "true", False: "false"}.get(value) if isinstance(value, bool) else None
    return shown or (f'`"{value}"`' if isinstance(value, str) else f"`{value}`")


def wire_types() -> str:
    """The models that results are made of."""
    return "\n\n".join(f"**{name}**: {_model(model)}" for name, model in _wire_models().items())


def _wire_models() -> dict[str, type[BaseModel]]:
    found: dict[str, type] = {}
    results = {method.result or method.params for method in METHODS.values()}
    for method in METHODS.values():
        for model in filter(None, (method.params, method.result)):
            _gather((field.annotation for field in model.model_fields.values()), found, BaseModel)
    return {name: cast("type[BaseModel]", model) for name, model in found.items() if model not in results}


def events() -> str:
    """Every event with the fields of its `data`."""
    return "\n\n".join(
        f"### `{name}`\n{_doc(event)}{_dataclass_fields(event) or ' No fields.'}" for name, event in EVENT_TYPES.items()
    )


def event_types() -> str:
    """The shapes that events are made of."""
    found: dict[str, type] = {}
    for event in EVENT_TYPES.values():
        _gather(get_type_hints(event).values(), found, None)
    known = {_shape(model): name for name, model in _wire_models().items()}
    return "\n\n".join(
        f"**{name}**: the same fields as {known[_dataclass_fields(shape)]}."
        if _dataclass_fields(shape) in known
        else f"**{name}**: {_doc(shape)}{_dataclass_fields(shape)}"
        for name, shape in found.items()
    )


def enumerations() -> str:
    """The sets of words that fields are made of."""
    return "\n".join(
        f"- **{kind.__name__}**: {' · '.join(f'`{value}`' for value in values)}. {_said_of(kind)}"
        for values, kind in sorted(_ENUMERATIONS.items(), key=lambda item: item[1].__name__)
    )


def _said_of(kind: type[Enum]) -> str:
    """The docstring without what only Python code can see, such as properties."""
    sentences = re.split(r"(?<=\.)\s+", inspect.getdoc(kind) or "")
    kept = " ".join(sentence for sentence in sentences if "`is_" not in sentence)
    return re.sub(r"`[A-Z_]+`", lambda match: match[0].lower(), kept)


def _shape(model: type[BaseModel]) -> str:
    """The fields without their defaults, as `_dataclass_fields` writes them; Receipt stands for ReceiptView."""
    return re.sub(r", default .*", "", _fields(model)).replace("View", "")


def _dataclass_fields(shape: type) -> str:
    hints = get_type_hints(shape)
    lines = [f"- `{to_camel(field.name)}`: {_type(hints[field.name])}" for field in dataclasses.fields(shape)]
    return "\n\n" + "\n".join(lines) if lines else ""


def _gather(annotations: Iterable[object], found: dict[str, type], base: type | None) -> None:
    """Every model (below `base`) or dataclass that these annotations mention, and that those mention in turn."""
    for annotation in annotations:
        if isinstance(annotation, type) and annotation.__name__ not in found:
            if base is None and dataclasses.is_dataclass(annotation):
                found[annotation.__name__] = annotation
                _gather(get_type_hints(annotation).values(), found, base)
            elif base and issubclass(annotation, base):
                found[annotation.__name__] = annotation
                _gather((field.annotation for field in annotation.model_fields.values()), found, base)  # pyright: ignore[reportAttributeAccessIssue] - a pydantic model
        _gather(get_args(annotation), found, base)


def _type(annotation: object) -> str:
    """A type in words."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (list, tuple):
        return f"list of {_type(arguments[0])}"
    if origin is Literal:
        named = _ENUMERATIONS.get(cast("tuple[str, ...]", arguments))
        return named.__name__ if named else " or ".join(f'`"{word}"`' for word in arguments)
    if origin in (Union, types.UnionType):
        return " or ".join(_type(argument) for argument in arguments)
    if origin is not None:
        return _type(arguments[0] if origin is not dict else dict)
    return _WORDS.get(annotation) or cast("type", annotation).__name__


def _doc(shape: type) -> str:
    """A docstring as Markdown, with the names of fields as they travel."""
    text = inspect.getdoc(shape) or ""
    return re.sub(r"`([a-z]+(?:_[a-z]+)+)`", lambda match: f"`{to_camel(match[1])}`", text)


PARTS = {
    "methods": methods, "types": wire_types, "events": events, "event types": event_types, "words": enumerations,
}  # fmt: skip
"""The generated parts of the page by the names in their markers."""


if __name__ == "__main__":
    PAGE.write_text(rendered(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
