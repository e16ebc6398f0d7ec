"""run_check: one of the commands that will judge the work, as it was frozen, in the worktree."""

from __future__ import annotations

from pydantic import Field

from orchestrator.ports.host import ToolError
from orchestrator.tools.arguments import Arguments
from orchestrator.tools.bench import Bench
from orchestrator.tools.running import ran


class RunCheck(Arguments):
    """The check's name, as the brief lists it."""

    name: str = Field(min_length=1, max_length=60)


async def run_check(bench: Bench, arguments: RunCheck) -> dict[str, object]:
    """How it ended and what it printed. The verdict that counts is the gate's, on the committed tree."""
    check = next((check for check in bench.checks if check.name == arguments.name), None)
    if check is None:
        known = ", ".join(check.name for check in bench.checks) or "none"
        raise ToolError("unknown_check", f"there is no check {arguments.name!r}", f"checks: {known}")
    return {"check": check.name, "command": check.command, **await ran(bench, check.command, check.timeout_s)}
