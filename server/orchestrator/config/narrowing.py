"""Who may set what: marks on the fields of the configuration, and what a project's value must be.

A project's file comes with the repository, so it is not the user's word: it may only tighten (invariant 13).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from pydantic.fields import FieldInfo


@dataclass(frozen=True, slots=True)
class ProjectRule:
    """What a project may do with a setting. `holds(above, value)` says whether its value is no looser than `above`."""

    says: str
    holds: Callable[[Any, Any], bool]


def _is_lower(above: float | None, value: float | None) -> bool:
    return above is None or (value is not None and value <= above)


def _is_subset(above: Collection[str] | None, value: Collection[str] | None) -> bool:
    return above is None or (value is not None and set(value) <= set(above))


def _is_superset(above: Collection[str], value: Collection[str]) -> bool:
    return set(value) >= set(above)


def _is_never(_above: object, _value: object) -> bool:
    return False


def _is_always(_above: object, _value: object) -> bool:
    return True


def towards(*words: str) -> ProjectRule:
    """A project may only go further along these words, which are in order from loose to strict."""

    def holds(above: str, value: str) -> bool:
        return words.index(value) >= words.index(above)

    return ProjectRule("a project may only make it stricter", holds)


LOWER = ProjectRule("a project may only lower it", _is_lower)
SUBSET = ProjectRule("a project may only leave names out", _is_subset)
SUPERSET = ProjectRule("a project may only demand more", _is_superset)
FORBID = ProjectRule("a project may only forbid it", lambda above, value: bool(above) or not value)
USER_ONLY = ProjectRule("only you may set it, never a project", _is_never)
ANYWHERE = ProjectRule("it changes nothing", _is_always)
PROJECT = ProjectRule("it belongs to a project", _is_always)
"""The commands of a project: they stand in its own file and nowhere else."""


def rule_of(field: FieldInfo) -> ProjectRule | None:
    """The mark of a field; None for one whose members have their own."""
    return next((mark for mark in field.metadata if isinstance(mark, ProjectRule)), None)
