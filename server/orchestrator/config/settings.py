"""The single settings of the model: their dotted names, types, defaults and rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, cast, get_origin

from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from orchestrator.config.model import Config
from orchestrator.config.narrowing import ANYWHERE, ProjectRule, rule_of

Path = tuple[str, ...]
"""The keys that lead to a setting, as they stand in a file."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One setting that the model knows. `is_table` when its members are settings with names of the user's."""

    path: Path
    field: FieldInfo
    rule: ProjectRule
    is_table: bool

    @property
    def key(self) -> str:
        """The dotted name."""
        return ".".join(self.path)

    @property
    def default(self) -> object:
        """The value when nobody says anything."""
        return plain(self.field.get_default(call_default_factory=True))

    @property
    def adapter(self) -> TypeAdapter[Any]:
        """Validates one value."""
        annotated = cast("Any", Annotated)
        return TypeAdapter[Any](annotated[self.field.annotation, *self.field.metadata])


@cache
def kinds() -> dict[Path, Kind]:
    """Every setting of the model, in its order."""
    return {kind.path: kind for kind in _kinds(Config, (), None)}


def _kinds(model: type[BaseModel], above: Path, inherited: ProjectRule | None) -> Iterator[Kind]:
    for name, field in model.model_fields.items():
        path = (*above, field.alias or name)
        rule = rule_of(field) or inherited
        section = section_of(field)
        if section:
            yield from _kinds(section, path, rule)
        else:
            is_table = get_origin(field.annotation) is dict
            yield Kind(path, field, rule or ANYWHERE, is_table)


def section_of(field: FieldInfo) -> type[BaseModel] | None:
    """The model of a field that is a section of the file."""
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def flatten(data: Mapping[str, Any]) -> Iterator[tuple[Path, Kind, object]]:
    """Every setting that a valid document gives, with its path (deeper than the kind's in a table)."""
    for path, kind in kinds().items():
        found = _at(data, path)
        if found is _ABSENT:
            continue
        if kind.is_table:
            for name, value in cast("dict[str, Any]", found).items():
                yield (*path, name), kind, value
        else:
            yield path, kind, found


_ABSENT = object()


def _at(data: object, path: Path) -> object:
    for key in path:
        if not isinstance(data, Mapping) or key not in data:
            return _ABSENT
        data = cast("Mapping[str, object]", data)[key]
    return data


def nested(values: Mapping[Path, object]) -> dict[str, Any]:
    """Settings as a document."""
    whole: dict[str, Any] = {}
    for path, value in values.items():
        place = whole
        for key in path[:-1]:
            place = place.setdefault(key, {})
        place[path[-1]] = value
    return whole


def plain(value: object) -> object:
    """Models as plain data."""
    return value.model_dump(by_alias=True, mode="json") if isinstance(value, BaseModel) else value
