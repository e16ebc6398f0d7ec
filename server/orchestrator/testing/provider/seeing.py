"""What a model can know of a function: the text of it that its conversation has shown since the last brief."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

from orchestrator.testing.provider.exchange import Call, Json, Message

BRIEF_LINES: Final = 36
"""An excerpt of a brief with at least so many lines may go on below: briefs cut at 40, and leave blank ends out."""
_BRIEF = re.compile(r"^## (?:Mission|Mend these|Your last answer)|^Your last answer was no good", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Shown:
    """A function's lines as they stood in what was shown; `tail` are those below its docstring."""

    block: str
    tail: str


def since_brief(call: Call) -> Sequence[Message]:
    """The conversation from the last brief, or the last refusal of an answer, on."""
    starts = [at for at, message in enumerate(call.messages) if message.role == "user" and _BRIEF.search(message.text)]
    return call.messages[starts[-1] if starts else 0 :]


def shown_function(messages: Sequence[Message], path: str, function: str) -> Shown | None:
    """The newest text of a function that was shown whole; None when it was not."""
    for message in reversed(messages):
        if message.role != "user":
            continue
        for result in reversed(results(message)):
            if result.get("path") == path and "text" in result:
                return _cut(str(result["text"]), function, is_whole=not result.get("is_cut"))
        if found := _in_brief(message.text, path, function):
            return found
    return None


def results(message: Message) -> list[Json]:
    """The results of tools in a message that are JSON objects, one a line."""
    found: list[Json] = []
    for line in message.text.splitlines():
        if line.startswith("{"):
            try:
                found.append(cast("Json", json.loads(line)))
            except ValueError:
                continue
    return found


def _in_brief(text: str, path: str, function: str) -> Shown | None:
    """From an excerpt `path:line (why)` of a brief."""
    for head in re.finditer(rf"^{re.escape(path)}:\d+ \(.*\)$", text, re.MULTILINE):
        lines: list[str] = []
        for line in text[head.end() + 1 :].splitlines():
            if re.match(r"\S+:\d+ \(.*\)$|</data|\[…", line):
                break
            lines.append(line)
        excerpt = "\n".join(lines).rstrip()
        if excerpt.startswith(f"def {function}(") and excerpt.count("\n") + 1 < BRIEF_LINES:
            return _cut(excerpt, function, is_whole=True)
    return None


def _cut(text: str, function: str, *, is_whole: bool) -> Shown | None:
    """The function at the margin of a text; `is_whole` says that nothing of the file follows the text."""
    lines = text.splitlines()
    first = next((at for at, line in enumerate(lines) if line.startswith(f"def {function}(")), None)
    if first is None:
        return None
    head = next((at for at in range(first, len(lines)) if lines[at].rstrip().endswith(":")), None)
    if head is None:
        return None
    end = next((at for at in range(head + 1, len(lines)) if lines[at] and not lines[at][0].isspace()), None)
    if end is None and not is_whole:
        return None
    block = lines[first:end]
    while block and not block[-1].strip():
        block.pop()
    body = block[head - first + 1 :]
    below = _docstring_lines(body)
    return Shown("\n".join(block), "\n".join(body[below:]).lstrip("\n"))


def _docstring_lines(body: Sequence[str]) -> int:
    opened = re.match(r"\s*[rRuU]?(\"\"\"|''')", body[0]) if body else None
    if opened is None:
        return 0
    mark = opened[1]
    if mark in body[0][opened.end() :]:
        return 1
    return 1 + next((at for at, line in enumerate(body[1:], 1) if mark in line), 0)
