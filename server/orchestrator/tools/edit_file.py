"""edit_file: replace an exact piece of text."""

from __future__ import annotations

from orchestrator.ports.host import ToolError
from orchestrator.tools.arguments import Arguments, Content, Pattern, RelativePath
from orchestrator.tools.bench import Bench


class EditFile(Arguments):
    """`old` must stand in the file exactly once, or `is_every` must be true."""

    path: RelativePath
    old: Pattern
    new: Content
    is_every: bool = False


def edit_file(bench: Bench, arguments: EditFile) -> dict[str, object]:
    """How many places were replaced. Raises ToolError `no_match` or `ambiguous_match`."""
    bench.check_writable(arguments.path)
    text = bench.read_text(arguments.path)
    count = text.count(arguments.old)
    if count == 0:
        raise ToolError("no_match", f"the text to replace is not in {arguments.path}", "read_file shows what is")
    if count > 1 and not arguments.is_every:
        hint = "give more of the text around it, or set is_every"
        raise ToolError("ambiguous_match", f"the text to replace stands {count} times in {arguments.path}", hint)
    bench.write(arguments.path, text.replace(arguments.old, arguments.new).encode("utf-8"))
    return {"path": arguments.path, "count": count}
