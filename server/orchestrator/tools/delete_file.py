"""delete_file: remove a file."""

from __future__ import annotations

from orchestrator.ports.host import ToolError
from orchestrator.tools.arguments import Arguments, RelativePath
from orchestrator.tools.bench import Bench


class DeleteFile(Arguments):
    """Which file."""

    path: RelativePath


def delete_file(bench: Bench, arguments: DeleteFile) -> dict[str, object]:
    """The path that is gone. Raises ToolError `no_such_file`."""
    bench.check_writable(arguments.path)
    if not bench.exists(arguments.path):
        raise ToolError("no_such_file", f"{arguments.path} does not exist")
    bench.delete(arguments.path)
    return {"path": arguments.path}
