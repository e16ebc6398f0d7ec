"""A rewrite that breaks the syntax is refused."""

from __future__ import annotations

from orchestrator import native
from orchestrator.ports.host import ToolError


def check_rewritten(path: str, before: bytes, after: bytes) -> None:
    """Raise ToolError `breaks_syntax` when `after` has more syntax errors than `before`."""
    broken = native.syntax_errors(path, after).findings
    if len(broken) > len(native.syntax_errors(path, before).findings):
        place = f"{path}:{broken[0].start_line + 1}"
        raise ToolError("breaks_syntax", f"the result would not parse at {place}", "nothing was changed")
