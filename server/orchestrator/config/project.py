"""The user's own configuration of a workspace: `.opencode/orchestrator.jsonc`."""

from __future__ import annotations

import difflib
import re
from typing import Annotated, Literal

import json5
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from orchestrator.errors import OrchestratorError
from orchestrator.jsonc import FieldLines, FieldPath

MAX_CONFIG_CHARACTERS = 65_536
_LINE = re.compile(r"<string>:(\d+) ")

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._/-]*$", max_length=60)]


class ConfigError(OrchestratorError):
    """The configuration file is wrong. `line` is one-based, None where unknown; `key` is dotted, "" for the whole."""

    def __init__(self, message: str, hint: str, *, file: str, line: int | None = None, key: str = "") -> None:
        """Put file and line in front of the message."""
        place = f"{file}:{line}" if line else file
        super().__init__("wrong_configuration", f"{place}: {message}", hint)
        self.file = file
        self.line = line
        self.key = key


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, populate_by_name=True)


class CheckConfig(_Strict):
    """A command that judges a tree: a shell line that runs in the root of a worktree, from the stage `when` on."""

    name: Name
    command: Text
    when: Literal["attempt", "merge", "seal"] = "merge"
    timeout_s: Annotated[float, Field(gt=0, le=86_400)] = 600


class Limits(_Strict):
    """How far a mission may go: rounds of work and review, and seconds for one session."""

    max_iterations: Annotated[int, Field(ge=1, le=20)] = 20
    session_timeout_s: Annotated[float, Field(gt=0, le=86_400)] = 1_800


class ProjectConfig(_Strict):
    """All of the file. `checks` is None when the user named none: then some are looked for in the manifests."""

    schema_address: str | None = Field(default=None, alias="$schema")
    checks: list[CheckConfig] | None = None
    setup: list[Text] = Field(default_factory=list[str])
    limits: Limits = Limits()


def read_project_config(text: str, source: str) -> ProjectConfig:
    """Read the text of a configuration file; `source` is its name in errors. An empty text gives the defaults.

    Raises ConfigError with the line (where known), the key and, for a misspelt key, the nearest right one.
    """
    if len(text) > MAX_CONFIG_CHARACTERS:
        raise ConfigError(
            f"the file has {len(text)} characters, more than {MAX_CONFIG_CHARACTERS}", "shorten it", file=source
        )
    data = _parse(text, source)
    if data is None:
        return ProjectConfig()
    lines = FieldLines(text)
    if not isinstance(data, dict):
        raise ConfigError("the file must hold an object", "begin it with {", file=source, line=lines.line(()))
    try:
        config = ProjectConfig.model_validate(data)
    except ValidationError as error:
        raise _first_problem(error, lines, source) from error
    _refuse_twins(config, lines, source)
    return config


def _parse(text: str, source: str) -> object:
    if not re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL).strip():
        return None
    try:
        return json5.loads(text, allow_duplicate_keys=False)
    except RecursionError as error:
        raise ConfigError("the file is nested too deeply", "flatten it", file=source) from error
    except ValueError as error:
        found = _LINE.search(str(error))
        message = _LINE.sub("", str(error))
        raise ConfigError(
            f"this is not JSONC: {message}",
            "JSON with comments and trailing commas is expected",
            file=source,
            line=int(found.group(1)) if found else None,
        ) from error


def _first_problem(error: ValidationError, lines: FieldLines, source: str) -> ConfigError:
    problem = error.errors(include_url=False)[0]
    path: FieldPath = problem["loc"]
    key = _dotted(path)
    if problem["type"] == "extra_forbidden":
        known = _known_keys(path)
        near = difflib.get_close_matches(str(path[-1]), known, n=1, cutoff=0.5)
        hint = f"did you mean '{near[0]}'?" if near else f"known here: {', '.join(known)}"
        message = f"unknown key '{key}'"
    elif problem["type"] == "missing":
        message, hint = f"the key '{key}' is missing", "add it"
    else:
        message, hint = f"'{key}': {_lower_first(problem['msg'])}", "correct the value"
    return ConfigError(message, hint, file=source, line=lines.line(path), key=key)


def _known_keys(path: FieldPath) -> list[str]:
    """The keys that the object around a path may have."""
    model = {"checks": CheckConfig, "limits": Limits}.get(str(path[0])) if len(path) > 1 else None
    fields = (model or ProjectConfig).model_fields
    return [field.alias or name for name, field in fields.items()]


def _dotted(path: FieldPath) -> str:
    parts = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return parts.lstrip(".")


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


def _refuse_twins(config: ProjectConfig, lines: FieldLines, source: str) -> None:
    seen: set[str] = set()
    for index, check in enumerate(config.checks or []):
        if check.name in seen:
            path: FieldPath = ("checks", index, "name")
            raise ConfigError(
                f"two checks are called '{check.name}'",
                "give each check its own name",
                file=source,
                line=lines.line(path),
                key=_dotted(path),
            )
        seen.add(check.name)
