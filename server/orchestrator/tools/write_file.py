"""write_file: create a file or replace its whole content."""

from __future__ import annotations

from orchestrator.tools.arguments import Arguments, Content, RelativePath
from orchestrator.tools.bench import Bench


class WriteFile(Arguments):
    """The whole new content."""

    path: RelativePath
    content: Content


def write_file(bench: Bench, arguments: WriteFile) -> dict[str, object]:
    """What was written; folders on the way are made."""
    bench.check_writable(arguments.path)
    is_new = not bench.exists(arguments.path)
    data = arguments.content.encode("utf-8")
    bench.write(arguments.path, data)
    return {"path": arguments.path, "size_bytes": len(data), "is_new": is_new}
