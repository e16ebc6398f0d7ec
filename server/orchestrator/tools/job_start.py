"""job_start: a command in the background, such as a server that a check needs."""

from __future__ import annotations

from pydantic import Field

from orchestrator.ports.host import ToolError
from orchestrator.ports.launcher import Command
from orchestrator.tools.arguments import Arguments, Pattern
from orchestrator.tools.bench import Bench

MAX_JOB_TIMEOUT_S = 7_200.0
_READY_TIMEOUT_S = 60.0


class JobStart(Arguments):
    """A line for `sh` that goes on in the background until it ends, is killed, or the session ends.

    With `ready_pattern` (a regular expression in its output) or `ready_port` (TCP on loopback) the call waits until it
    is ready.
    """

    command: Pattern
    timeout_s: float = Field(default=1_800.0, gt=0, le=MAX_JOB_TIMEOUT_S)
    ready_pattern: str = Field(default="", max_length=1_000)
    ready_port: int = Field(default=0, ge=0, le=65_535)


async def job_start(bench: Bench, arguments: JobStart) -> dict[str, object]:
    """The job's id, and whether it became ready."""
    if bench.jobs is None or bench.owner is None:
        raise ToolError("no_jobs", "this session can't start jobs", "use shell")
    command = Command(
        argv=("/bin/sh", "-c", arguments.command),
        cwd=bench.root,
        env=dict(bench.environment),
        timeout_s=arguments.timeout_s,
        writable=(bench.root,),
    )
    job = await bench.jobs.start(bench.owner, command)
    if not arguments.ready_pattern and not arguments.ready_port:
        return {"job_id": job.id, "is_ready": None}
    is_ready = await bench.jobs.wait(
        job.id, pattern=arguments.ready_pattern, port=arguments.ready_port, timeout_s=_READY_TIMEOUT_S
    )
    return {"job_id": job.id, "is_ready": is_ready, "status": bench.jobs.get(job.id).status.value}
