"""Settings from environment variables: `ORCHESTRATOR_LIMITS_SLOTS=8` for `limits.slots`."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import get_args, get_origin

from pydantic import ValidationError

from orchestrator.config.places import STATE_VARIABLE
from orchestrator.config.problem import ConfigError
from orchestrator.config.reading import expectation
from orchestrator.config.settings import Kind, kinds

_PREFIX = "ORCHESTRATOR_"
_NOT_HERE = frozenset({"$schema", "checks", "setup", "hooks", "providers"})
"""Settings with a structure that no variable can hold."""


def variables() -> dict[str, Kind]:
    """Every variable that is a setting, by its name."""
    return {_PREFIX + "_".join(kind.path).upper(): kind for kind in kinds().values() if kind.path[0] not in _NOT_HERE}


def read_environment(environment: Mapping[str, str]) -> Iterator[tuple[str, Kind, object] | ConfigError]:
    """Each setting with its variable's name, or what is wrong with it. An empty variable says nothing."""
    known = variables()
    for name in sorted(environment):
        kind, text = known.get(name), environment[name]
        if kind and text:
            yield _read(name, kind, text)
        elif name.startswith(_PREFIX) and name != STATE_VARIABLE and not kind:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.85)
            if near:
                yield ConfigError("there is no such variable", f"did you mean {near[0]}?", file=name)


def _read(name: str, kind: Kind, text: str) -> tuple[str, Kind, object] | ConfigError:
    """A list is written with commas, all else as it is; `null` is no bound."""
    is_list = any(get_origin(part) is list for part in (kind.field.annotation, *get_args(kind.field.annotation)))
    try:
        if text == "null":
            return name, kind, kind.adapter.validate_python(None)
        if is_list:
            return name, kind, kind.adapter.validate_python([part.strip() for part in text.split(",")])
        return name, kind, kind.adapter.validate_strings(text)
    except ValidationError as error:
        what = expectation(error.errors(include_url=False)[0])
        return ConfigError(what, "correct the value", file=name, key=kind.key)
