"""shell: a command line in the worktree, through the launcher."""

from __future__ import annotations

from pydantic import Field

from orchestrator.ports.host import ToolError
from orchestrator.ports.launcher import Command, LauncherError
from orchestrator.tools.arguments import Arguments, Pattern
from orchestrator.tools.bench import Bench
from orchestrator.tools.limits import DEFAULT_SHELL_TIMEOUT_S, MAX_SHELL_OUTPUT_BYTES, MAX_SHELL_TIMEOUT_S


class Shell(Arguments):
    """A line for `sh`, with a deadline in seconds."""

    command: Pattern
    timeout_s: float = Field(default=DEFAULT_SHELL_TIMEOUT_S, gt=0, le=MAX_SHELL_TIMEOUT_S)


async def shell(bench: Bench, arguments: Shell) -> dict[str, object]:
    """How it ended and what it printed; a command that fails is a result, not an error."""
    command = Command(
        argv=("/bin/sh", "-c", arguments.command),
        cwd=bench.root,
        env=dict(bench.environment),
        timeout_s=arguments.timeout_s,
        writable=(bench.root,),
        output_cap_bytes=MAX_SHELL_OUTPUT_BYTES,
    )
    try:
        outcome = await bench.launcher.run(command)
    except LauncherError as error:
        raise ToolError(error.code, error.message, error.hint) from error
    return {
        "exit_code": outcome.exit_code,
        "signal": outcome.signal,
        "is_timed_out": outcome.is_timed_out,
        "output": outcome.output.decode("utf-8", "replace"),
        "output_size_bytes": outcome.output_size_bytes,
        "is_output_cut": outcome.is_output_cut,
    }
