"""A command line in a worktree, through the launcher, as tools answer it."""

from __future__ import annotations

from orchestrator.ports.host import ToolError
from orchestrator.ports.launcher import Command, LauncherError
from orchestrator.tools.bench import Bench
from orchestrator.tools.limits import MAX_SHELL_OUTPUT_BYTES


async def ran(bench: Bench, line: str, timeout_s: float) -> dict[str, object]:
    """How it ended and what it printed; a command that fails is a result, not an error. Raises ToolError."""
    command = Command(
        argv=("/bin/sh", "-c", line),
        cwd=bench.root,
        env=dict(bench.environment),
        timeout_s=timeout_s,
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
