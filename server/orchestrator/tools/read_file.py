"""read_file: a text file, whole or a range of its lines."""

from __future__ import annotations

from pydantic import Field

from orchestrator.tools.arguments import Arguments, RelativePath
from orchestrator.tools.bench import Bench
from orchestrator.tools.limits import MAX_READ_CHARACTERS, MAX_READ_LINES


class ReadFile(Arguments):
    """Which lines: `start_line` counts from 1."""

    path: RelativePath
    start_line: int = Field(default=1, ge=1)
    max_lines: int = Field(default=MAX_READ_LINES, ge=1, le=MAX_READ_LINES)


def read_file(bench: Bench, arguments: ReadFile) -> dict[str, object]:
    """The lines asked for, as they are; `is_cut` with `next_line` when there is more."""
    lines = bench.read_text(arguments.path).splitlines(keepends=True)
    first = arguments.start_line - 1
    taken: list[str] = []
    size = 0
    for line in lines[first : first + arguments.max_lines]:
        if size + len(line) > MAX_READ_CHARACTERS:
            break
        taken.append(line)
        size += len(line)
    end = first + len(taken)
    result: dict[str, object] = {
        "path": arguments.path,
        "text": "".join(taken),
        "start_line": arguments.start_line,
        "line_count": len(lines),
        "is_cut": end < len(lines),
    }
    if end < len(lines):
        result["next_line"] = end + 1
        if not taken:
            result["text"] = lines[first][:MAX_READ_CHARACTERS]
            result["next_line"] = end + 2
    return result
