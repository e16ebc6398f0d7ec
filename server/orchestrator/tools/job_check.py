"""job_check: how a background job stands and what it wrote."""

from __future__ import annotations

from pydantic import Field

from orchestrator.ports.host import ToolError
from orchestrator.ports.jobs import Job
from orchestrator.tools.arguments import Arguments
from orchestrator.tools.bench import Bench
from orchestrator.tools.limits import MAX_SHELL_OUTPUT_BYTES


class JobCheck(Arguments):
    """A job's id, or nothing for all jobs of the session.

    With `wait_s` the call waits at most that long: for `wait_pattern` (a regular expression in its output), for
    `wait_port` (TCP on loopback), or, with neither, for its end; `is_met` says whether that came.
    """

    job_id: str = Field(default="", max_length=200)
    wait_s: float = Field(default=0.0, ge=0, le=600.0)
    wait_pattern: str = Field(default="", max_length=1_000)
    wait_port: int = Field(default=0, ge=0, le=65_535)
    limit_bytes: int = Field(default=8_000, ge=1, le=MAX_SHELL_OUTPUT_BYTES)


async def job_check(bench: Bench, arguments: JobCheck) -> dict[str, object]:
    """One job with the end of its output, or all jobs without theirs."""
    if bench.jobs is None or bench.owner is None:
        raise ToolError("no_jobs", "this session can't start jobs", "use shell")
    own = bench.jobs.list(bench.owner.mission_id, bench.owner.session_id)
    if not arguments.job_id:
        return {"jobs": [described(job) for job in own]}
    if arguments.job_id not in {job.id for job in own}:
        raise ToolError("unknown_job", f"this session has no job {arguments.job_id!r}", "job_check lists them")
    is_met: bool | None = None
    if arguments.wait_s:
        is_met = await bench.jobs.wait(
            arguments.job_id,
            pattern=arguments.wait_pattern,
            port=arguments.wait_port,
            timeout_s=arguments.wait_s,
        )
    output, is_cut = await bench.jobs.output(arguments.job_id, arguments.limit_bytes)
    shown = described(bench.jobs.get(arguments.job_id))
    return {**shown, "is_met": is_met, "output": output.decode("utf-8", "replace"), "is_output_cut": is_cut}


def described(job: Job) -> dict[str, object]:
    """A job as a session reads it."""
    return {
        "job_id": job.id,
        "command": job.command,
        "status": job.status.value,
        "exit_code": job.exit_code,
        "duration_s": round(job.duration_s, 1),
        "output_size_bytes": job.output_size_bytes,
        "detail": job.detail,
    }
