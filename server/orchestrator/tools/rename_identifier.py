"""rename_identifier: give an identifier another name in some files."""

from __future__ import annotations

from pydantic import Field

from orchestrator import native
from orchestrator.ports.host import ToolError
from orchestrator.tools.arguments import Arguments, Paths
from orchestrator.tools.bench import Bench
from orchestrator.tools.rewrite_guard import check_rewritten

NAME_PATTERN = r"\A[^\W\d][\w$]*\z"


class RenameIdentifier(Arguments):
    """Every identifier `old` in these files (not folders) becomes `new`."""

    old: str = Field(pattern=NAME_PATTERN, max_length=200)
    new: str = Field(pattern=NAME_PATTERN, max_length=200)
    paths: Paths


def rename_identifier(bench: Bench, arguments: RenameIdentifier) -> dict[str, object]:
    """Occurrences by file. All or nothing; refused where the new name exists already (two names would become one)."""
    changed: dict[str, tuple[bytes, int]] = {}
    taken: list[str] = []
    for path in arguments.paths:
        bench.check_writable(path)
        before = bench.read(path)
        renamed = native.rename_identifier(path, before, arguments.old, arguments.new)
        if renamed is None:
            raise ToolError("unknown_language", f"{path} is in no language that can be parsed")
        if renamed.count == 0:
            continue
        if renamed.has_new_name:
            taken.append(path)
            continue
        check_rewritten(path, before, renamed.source)
        changed[path] = (renamed.source, renamed.count)
    if taken:
        raise ToolError("name_taken", f"{arguments.new} exists already in {', '.join(taken[:10])}", "choose another")
    for path, (after, _) in changed.items():
        bench.write(path, after)
    return {
        "files": [{"path": path, "count": count} for path, (_, count) in changed.items()],
        "occurrence_count": sum(count for _, count in changed.values()),
    }
