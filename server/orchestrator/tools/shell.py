"""shell: a command line in the worktree, through the launcher."""

from __future__ import annotations

from pydantic import Field

from orchestrator.tools.arguments import Arguments, Pattern
from orchestrator.tools.bench import Bench
from orchestrator.tools.limits import DEFAULT_SHELL_TIMEOUT_S, MAX_SHELL_TIMEOUT_S
from orchestrator.tools.running import ran


class Shell(Arguments):
    """A line for `sh`, with a deadline in seconds."""

    command: Pattern
    timeout_s: float = Field(default=DEFAULT_SHELL_TIMEOUT_S, gt=0, le=MAX_SHELL_TIMEOUT_S)


async def shell(bench: Bench, arguments: Shell) -> dict[str, object]:
    """How it ended and what it printed; a command that fails is a result, not an error."""
    return await ran(bench, arguments.command, arguments.timeout_s)
