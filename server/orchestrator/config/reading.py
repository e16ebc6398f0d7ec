"""From the text of a configuration file to valid data, or to every problem with its place and a way out."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from orchestrator.config.model import Config
from orchestrator.config.problem import ConfigError
from orchestrator.config.settings import kinds
from orchestrator.jsonc import FieldLines, FieldPath

MAX_CONFIG_CHARACTERS = 65_536
_PLACE = re.compile(r"^<string>:(?P<line>\d+) (?P<message>.*?)(?: at column (?P<column>\d+))?$", re.DOTALL)
_FOUND: dict[type, str] = {
    str: "text", bool: "true or false", int: "a whole number", float: "a number", dict: "an object", list: "a list",
    type(None): "null",
}  # fmt: skip
_KEY_HINT = 'name where it is: "env:OPENAI_API_KEY" for an environment variable, "keyring:NAME" for a keyring'


@dataclass(frozen=True, slots=True)
class Document:
    """One configuration file. `data` is valid when there is no problem, and empty otherwise."""

    source: str
    data: dict[str, Any] = field(default_factory=dict[str, Any])
    problems: tuple[ConfigError, ...] = ()
    lines: FieldLines = field(default_factory=lambda: FieldLines(""))

    def problem(self, message: str, hint: str, path: FieldPath) -> ConfigError:
        """A problem of the field at `path`."""
        line, column = self.lines.position(path)
        return ConfigError(message, hint, file=self.source, line=line, column=column, key=dotted(path))


def read_document(text: str, source: str) -> Document:
    """Read a file's text; `source` is its name in problems. A text without content is an empty document."""
    text = text.removeprefix("\ufeff")
    if len(text) > MAX_CONFIG_CHARACTERS:
        what = f"the file has {len(text)} characters, more than {MAX_CONFIG_CHARACTERS}"
        return Document(source, problems=(ConfigError(what, "shorten it", file=source),))
    try:
        data = _parse(text, source)
        lines = FieldLines(text)
    except ConfigError as problem:
        return Document(source, problems=(problem,))
    except RecursionError:
        return Document(source, problems=(ConfigError("the file is nested too deeply", "flatten it", file=source),))
    if data is None:
        return Document(source)
    found = Document(source, lines=lines)
    if not isinstance(data, dict):
        return Document(source, problems=(found.problem("the file must hold an object", "begin it with {", ()),))
    whole = cast("dict[str, Any]", data)
    problems = [*_twice(found), *_misfits(whole, found)]
    return Document(source, {} if problems else whole, tuple(problems), lines)


def _parse(text: str, source: str) -> object:
    """The data of a text, None for one without content. Raises ConfigError and RecursionError."""
    if not re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL).strip():
        return None
    try:
        return json.loads(text)
    except ValueError:
        pass  # json5 below reads comments and trailing commas, and its error is the one to show
    import json5  # noqa: PLC0415 - slow to load, and a file without comments does without

    try:
        return json5.loads(text)
    except ValueError as error:
        found = _PLACE.match(str(error))
        raise ConfigError(
            f"this is not JSONC: {found['message'] if found else error}",
            "JSON with comments and trailing commas is expected",
            file=source,
            line=int(found["line"]) if found else None,
            column=int(found["column"]) if found and found["column"] else None,
        ) from error


def _twice(document: Document) -> list[ConfigError]:
    return [
        ConfigError(
            f"Duplicate key '{dotted(path)}'",
            "keep one of them",
            file=document.source,
            line=line,
            column=column,
            key=dotted(path),
        )
        for path, (line, column) in document.lines.duplicates.items()
    ]


def _misfits(data: dict[str, Any], document: Document) -> list[ConfigError]:
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        # A misspelt key first: what is missing is often missing because of it.
        found = sorted(error.errors(include_url=False), key=lambda problem: problem["type"] != "extra_forbidden")
        return [_misfit(problem, document) for problem in found]
    return [*_same_name(config.checks or (), "check", document), *_same_name(config.hooks, "hook", document)]


def _misfit(problem: ErrorDetails, document: Document) -> ConfigError:
    path = _without_marks(problem["loc"])
    key = dotted(path)
    match problem["type"]:
        case "extra_forbidden":
            return document.problem(f"unknown key '{key}'", _nearest(path), path)
        case "missing":
            return document.problem(f"the key '{key}' is missing", "add it", path)
        case "literal_key":
            return document.problem(f"'{key}': {problem['msg']}", _KEY_HINT, path)
        case _:
            return document.problem(f"'{key}': {expectation(problem)}", "correct the value", path)


def _without_marks(loc: Sequence[int | str]) -> FieldPath:
    """The place without what pydantic adds for the key of a table."""
    return tuple(part for part in loc if part != "[key]")


def _nearest(path: FieldPath) -> str:
    """What may have been meant by an unknown key: one of its object, else one of another section."""
    name, known = str(path[-1]), _known_keys(path)
    elsewhere = {kind.path[-1]: kind.key for kind in kinds().values()}
    for cutoff, names in ((0.75, [*known, *elsewhere]), (0.5, known)):
        if near := difflib.get_close_matches(name, names, n=1, cutoff=cutoff):
            return f"did you mean '{near[0] if near[0] in known else elsewhere[near[0]]}'?"
    return f"known here: {', '.join(known)}"


def _known_keys(path: FieldPath) -> list[str]:
    """The keys that the object around a path may have."""
    model: type[BaseModel] = Config
    for part in path[:-1]:
        found = model.model_fields.get(str(part))
        inner = _model_in(found.annotation) if found else None
        model = inner or model
    return [found.alias or name for name, found in model.model_fields.items()]


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for argument in get_args(annotation) if (model := _model_in(argument))), None)


def _same_name(named: Sequence[Any], what: str, document: Document) -> list[ConfigError]:
    seen: set[str] = set()
    problems: list[ConfigError] = []
    for index, item in enumerate(named):
        if item.name in seen:
            path: FieldPath = (f"{what}s", index, "name")
            problems.append(document.problem(f"two {what}s are called '{item.name}'", "give each its own name", path))
        seen.add(item.name)
    return problems


def dotted(path: Sequence[int | str]) -> str:
    """A path as people write it: checks[0].name."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def expectation(problem: ErrorDetails) -> str:
    """What is expected and, for a wrong type, what was found; never the value itself."""
    said = re.sub(r"^(Input|String|Value) should ", "it should ", problem["msg"])
    is_about_type = problem["type"].endswith("_type") or problem["type"].endswith("_parsing")
    found = _FOUND.get(type(cast("object", problem["input"])), "something else")
    return f"{said}, and is {found}" if is_about_type else f"{said[:1].lower()}{said[1:]}"
