"""find_identifier: files in which a name is an identifier, and whether another name is free there."""

from __future__ import annotations

import re

from pydantic import Field

from orchestrator import native
from orchestrator.ports.host import ToolError
from orchestrator.tools.arguments import Arguments, Paths
from orchestrator.tools.bench import Bench
from orchestrator.tools.limits import MAX_FILE_BYTES, MAX_MATCHES


class FindIdentifier(Arguments):
    """The name, and optionally the name that would replace it."""

    name: str = Field(pattern=r"\A[^\W\d][\w$]*\z", max_length=200)
    new_name: str | None = Field(default=None, pattern=r"\A[^\W\d][\w$]*\z", max_length=200)
    paths: Paths | None = None


def find_identifier(bench: Bench, arguments: FindIdentifier) -> dict[str, object]:
    """Files by path with `count`, `language` and `has_new_name` (false when no new name was given)."""
    places = bench.places(arguments.paths)
    files: list[dict[str, object]] = []
    for path in _candidates(bench, arguments.name):
        if places is not None and not any(path == place or path.startswith(f"{place}/") for place in places):
            continue
        source = bench.read(path)
        renamed = native.rename_identifier(path, source, arguments.name, arguments.new_name or f"{arguments.name}_")
        if renamed is None or renamed.count == 0:
            continue
        files.append(
            {
                "path": path,
                "count": renamed.count,
                "language": native.language_of(path) or "",
                "has_new_name": arguments.new_name is not None and renamed.has_new_name,
            }
        )
    return {"files": files}


def _candidates(bench: Bench, name: str) -> list[str]:
    """Files that contain the name as text, unless they are too large to be source."""
    word = re.escape(name)
    report = native.grep(bench.root, [word], max_matches=MAX_MATCHES)
    paths = sorted({match.path for match in report.matches})
    if report.is_truncated:
        # Too many lines: ask each source file itself, so that none is missed.
        paths = [file.path for file in native.walk(bench.root).files if not file.is_symlink]
        paths = [path for path in paths if native.language_of(path)]
    if len(paths) > MAX_MATCHES:
        raise ToolError("too_many_files", f"{name} may occur in {len(paths)} files", "name the paths to look in")
    return [path for path in paths if _size_bytes(bench, path) <= MAX_FILE_BYTES]


def _size_bytes(bench: Bench, path: str) -> int:
    status = bench.files.stat(path)
    return status.st_size if status else 0
