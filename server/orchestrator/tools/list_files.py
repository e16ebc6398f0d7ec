"""list_files: the files below a folder, ignored ones left out."""

from __future__ import annotations

from pydantic import Field

from orchestrator import native
from orchestrator.ports.host import ToolError
from orchestrator.tools.arguments import Arguments, RelativePath
from orchestrator.tools.bench import Bench
from orchestrator.tools.limits import DEFAULT_LISTED_FILES, MAX_LISTED_FILES


class ListFiles(Arguments):
    """Which folder; "." is the worktree."""

    path: RelativePath = "."
    max_files: int = Field(default=DEFAULT_LISTED_FILES, ge=1, le=MAX_LISTED_FILES)


def list_files(bench: Bench, arguments: ListFiles) -> dict[str, object]:
    """Paths in order; `is_cut` when there are more."""
    report = native.walk(bench.root)
    paths = [file.path for file in report.files]
    if arguments.path not in {".", "./"}:
        bench.check(arguments.path)
        if not bench.exists(arguments.path):
            raise ToolError("no_such_file", f"{arguments.path} does not exist")
        folder = arguments.path.rstrip("/")
        paths = [path for path in paths if path == folder or path.startswith(f"{folder}/")]
    return {
        "paths": paths[: arguments.max_files],
        "file_count": len(paths),
        "is_cut": len(paths) > arguments.max_files or report.is_truncated,
    }
