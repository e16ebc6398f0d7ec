"""The layers of the configuration, each over the one before it, and where every value comes from.

defaults < user's file < project's file (may only tighten) < environment < command line.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import cast

from pydantic import ValidationError

from orchestrator.config.consistency import inconsistencies
from orchestrator.config.environment import read_environment
from orchestrator.config.model import Config
from orchestrator.config.narrowing import PROJECT, USER_ONLY
from orchestrator.config.places import CONFIG_NAME, user_config_file
from orchestrator.config.problem import ConfigError
from orchestrator.config.reading import MAX_CONFIG_CHARACTERS, Document, dotted, expectation, read_document
from orchestrator.config.settings import Kind, flatten, kinds, nested
from orchestrator.config.settings import Path as KeyPath
from orchestrator.errors import OrchestratorError


class Layer(StrEnum):
    """Where a value can come from, weakest first."""

    DEFAULT = "default"
    USER = "user"
    PROJECT = "project"
    ENVIRONMENT = "environment"
    COMMAND_LINE = "command line"


@dataclass(frozen=True, slots=True)
class Setting:
    """One value and its origin. `source` is a file, a variable or ""; `line` is one-based, None without a file."""

    path: KeyPath
    value: object
    layer: Layer = Layer.DEFAULT
    source: str = ""
    line: int | None = None

    @property
    def key(self) -> str:
        """The dotted name."""
        return dotted(self.path)

    @property
    def origin(self) -> str:
        """Where it comes from, in words."""
        place = f"{self.source}:{self.line}" if self.line else self.source
        return place or self.layer.value


@dataclass(frozen=True, slots=True)
class Layered:
    """The outcome. What a problem concerns is left out of `config`, so that the rest can be shown."""

    config: Config
    settings: dict[KeyPath, Setting]
    problems: tuple[ConfigError, ...]

    def require(self) -> Config:
        """The configuration. Raises ConfigError, the first one, when there is a problem."""
        if self.problems:
            raise self.problems[0]
        return self.config


@dataclass(frozen=True, slots=True)
class Sources:
    """What the person at the keyboard says: their file, environment and command line."""

    user: Document
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    overrides: Mapping[str, object] = field(default_factory=dict[str, object])

    def over(self, project: Document | None) -> Layered:
        """All layers put together, with a project's file or without."""
        return _Merge(self, project).result()


def load(
    workspace: Path, overrides: Mapping[str, object] | None = None, environment: Mapping[str, str] | None = None
) -> Layered:
    """The configuration that holds in a workspace. `overrides` are settings of the command line by dotted name."""
    return sources(overrides, environment).over(project_document(workspace))


def sources(overrides: Mapping[str, object] | None = None, environment: Mapping[str, str] | None = None) -> Sources:
    """Read the user's side; the process's environment when none is given."""
    path = user_config_file()
    user = _read(path, str(path)) or Document(str(path))
    return Sources(user, os.environ if environment is None else environment, overrides or {})


def project_document(workspace: Path) -> Document | None:
    """The workspace's own file, None when there is none."""
    return _read(workspace / CONFIG_NAME, CONFIG_NAME)


def _read(path: Path, name: str) -> Document | None:
    """A file with as many bytes as a document may have characters at most; more is a problem of its own."""
    try:
        with path.open("rb") as file:
            return read_document(file.read(4 * MAX_CONFIG_CHARACTERS + 4).decode("utf-8"), name)
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        return Document(name, problems=(ConfigError("the file is not UTF-8", "save it as UTF-8", file=name),))
    except OSError as error:
        what = f"the file can't be read: {error.strerror}"
        return Document(name, problems=(ConfigError(what, "check what it is and its permissions", file=name),))


class _Merge:
    """One pass over the layers."""

    def __init__(self, given: Sources, project: Document | None) -> None:
        self._settings = {path: Setting(path, kind.default) for path, kind in kinds().items() if not kind.is_table}
        self._problems: list[ConfigError] = []
        self._documents: dict[Layer, Document] = {}
        self._file(given.user, Layer.USER)
        if project:
            self._file(project, Layer.PROJECT)
        for found in read_environment(given.environment):
            if isinstance(found, ConfigError):
                self._problems.append(found)
            else:
                name, kind, value = found
                self._settings[kind.path] = Setting(kind.path, value, Layer.ENVIRONMENT, f"${name}")
        for key, value in given.overrides.items():
            self._override(key, value)

    def result(self) -> Layered:
        """The outcome, checked as a whole."""
        config = Config.model_validate(nested({path: item.value for path, item in self._settings.items()}))
        for path, message, hint in inconsistencies(config):
            self._problems.append(self._problem(path, message, hint))
        shown = {path: item for path, item in self._settings.items() if path != ("$schema",)}
        return Layered(config, shown, tuple(self._problems))

    def _file(self, document: Document, layer: Layer) -> None:
        self._documents[layer] = document
        self._problems.extend(document.problems)
        for path, kind, value in flatten(document.data):
            refusal = self._refusal(path, kind, value, layer)
            if refusal:
                self._problems.append(document.problem(*refusal, path))
            else:
                line = document.lines.line(path)
                self._settings[path] = Setting(path, value, layer, document.source, line)

    def _refusal(self, path: KeyPath, kind: Kind, value: object, layer: Layer) -> tuple[str, str] | None:
        """Why a layer may not set this, and what to do."""
        key = dotted(path)
        if layer is Layer.USER:
            is_commands = kind.rule is PROJECT
            return (f"'{key}' belongs to a project", f"put it into {CONFIG_NAME}") if is_commands else None
        if kind.rule is USER_ONLY:
            return f"'{key}': {USER_ONLY.says}", f"put it into your own file, {user_config_file()}"
        above = self._settings[path]
        if kind.rule.holds(above.value, value):
            return None
        return (
            f"'{key}': {kind.rule.says}, and {_shown(value)} is looser than {_shown(above.value)} ({above.origin})",
            "tighten it, or take it out",
        )

    def _override(self, key: str, value: object) -> None:
        path = tuple(key.split("."))
        if path not in kinds():
            raise OrchestratorError("bad_usage", f"there is no setting {key!r}", "orchestrator config show lists them")
        try:
            valid = kinds()[path].adapter.validate_python(value)
        except ValidationError as error:
            what = expectation(error.errors(include_url=False)[0])
            self._problems.append(ConfigError(what, "correct the value", file="the command line", key=key))
        else:
            self._settings[path] = Setting(path, valid, Layer.COMMAND_LINE)

    def _problem(self, path: tuple[int | str, ...], message: str, hint: str) -> ConfigError:
        """A problem of a merged value, at the place that it comes from."""
        candidates = (path[:length] for length in range(len(path), 0, -1))
        setting = next(item for place in candidates if (item := self._settings.get(place)))  # pyright: ignore[reportArgumentType, reportCallIssue] - a path with a position is simply no setting
        document = self._documents.get(setting.layer)
        if document:
            return document.problem(message, hint, path)
        return ConfigError(message, hint, file=setting.origin, key=dotted(path))


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, cast("list[object]", value))) or "none"
    return "null" if value is None else str(value)
