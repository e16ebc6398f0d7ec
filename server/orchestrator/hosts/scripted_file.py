"""Reading a script: JSON or JSON with comments; every error names file, line and field."""

from __future__ import annotations

import json
import re
from pathlib import Path

import json5
from pydantic import ValidationError

from orchestrator.errors import OrchestratorError
from orchestrator.hosts.scripted_models import Script, WriteAction
from orchestrator.jsonc import FieldLines

MAX_SCRIPT_BYTES = 20_000_000
MAX_CONTENT_BYTES = 5_000_000
_UNION_TAGS = frozenset({"write", "edit", "delete", "shell", "tool", "seconds", "lognormal", "uniform"})


class ScriptError(OrchestratorError):
    """A script can't be read or is wrong. The message names file, line and field."""


def load_script(path: Path) -> Script:
    """Read a script and check that the content files it names can be read. Raises ScriptError."""
    text = _read(path, MAX_SCRIPT_BYTES, f"the script {path}")
    script = parse_script(text, str(path))
    for action in _write_actions(script):
        if action.write.content_file is not None:
            read_content(path.parent, action.write.content_file)
    return script


def parse_script(text: str, name: str = "script") -> Script:
    """A script from text; `name` stands for the file in messages. Raises ScriptError."""
    data = _decode(text, name)
    try:
        return Script.model_validate(data)
    except ValidationError as error:
        lines = FieldLines(text)
        rows: list[str] = []
        for item in error.errors(include_url=False, include_input=False)[:5]:
            location = item["loc"]
            row = f"{name}:{_line(lines, location)}: {_dotted(location)}: {item['msg']}"
            rows.append(row)
        raise ScriptError("bad_script", "; ".join(rows), "docs/scripted-host.md explains the format") from None


def read_content(folder: Path, content_file: str) -> str:
    """A content file beside the script. Raises ScriptError when it is missing, too large or outside the folder."""
    path = folder / content_file
    if not path.resolve().is_relative_to(folder.resolve()):
        reason = f"content_file {content_file!r} leads out of the script's folder"
        raise ScriptError("bad_script", reason, "keep content files beside the script")
    return _read(path, MAX_CONTENT_BYTES, f"content_file {content_file!r}")


def _read(path: Path, max_bytes: int, what: str) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ScriptError("script_unreadable", f"{what} can't be read: {error.strerror}", "check the path") from None
    if len(data) > max_bytes:
        raise ScriptError("script_too_large", f"{what} has {len(data)} bytes; at most {max_bytes} are read")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ScriptError("bad_script", f"{what} is no UTF-8 text (byte {error.start})") from None


def _decode(text: str, name: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass  # json5 below reads comments and trailing commas, and its error is the one to show
    try:
        return json5.loads(text, allow_duplicate_keys=False)
    except (ValueError, RecursionError) as error:
        words = re.sub(r"^<string>:", f"{name}:", str(error)) or "too deeply nested"
        if not words.startswith(f"{name}:"):
            words = f"{name}:1: {words}"
        raise ScriptError("bad_script", words, "the file is JSON; comments and trailing commas are allowed") from None


def _line(lines: FieldLines, location: tuple[int | str, ...]) -> int:
    """The line of a pydantic location, which also holds the tags of unions: those are no fields unless they exist."""
    exact = lines.line(location)
    plain = lines.line(_without_tags(location))
    return max(exact, plain)


def _without_tags(location: tuple[int | str, ...]) -> tuple[int | str, ...]:
    kept: list[int | str] = []
    for index, part in enumerate(location):
        before = location[index - 1] if index else ""
        is_tag = part in _UNION_TAGS and (isinstance(before, int) or before == "duration_s")
        if not is_tag:
            kept.append(part)
    return tuple(kept)


def _dotted(location: tuple[int | str, ...]) -> str:
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in _without_tags(location))
    return "".join(parts).lstrip(".") or "the file"


def _write_actions(script: Script) -> list[WriteAction]:
    entries = [script.defaults, *script.tasks.values()]
    turns = [turn for entry in entries for turn in (*entry.worker, *entry.fixer)]
    actions = [action for turn in (*turns, *script.planner) for action in turn.actions]
    return [action for action in actions if isinstance(action, WriteAction)]
