"""job_kill: the end of a background job and all that it started."""

from __future__ import annotations

from pydantic import Field

from orchestrator.ports.host import ToolError
from orchestrator.tools.arguments import Arguments
from orchestrator.tools.bench import Bench
from orchestrator.tools.job_check import described


class JobKill(Arguments):
    """A job's id."""

    job_id: str = Field(min_length=1, max_length=200)


async def job_kill(bench: Bench, arguments: JobKill) -> dict[str, object]:
    """How it ended."""
    if bench.jobs is None or bench.owner is None:
        raise ToolError("no_jobs", "this session can't start jobs", "use shell")
    own = bench.jobs.list(bench.owner.mission_id, bench.owner.session_id)
    if arguments.job_id not in {job.id for job in own}:
        raise ToolError("unknown_job", f"this session has no job {arguments.job_id!r}", "job_check lists them")
    return described(await bench.jobs.kill(arguments.job_id))
