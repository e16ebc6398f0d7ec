"""job/log."""

from __future__ import annotations

from orchestrator.rpc.mapping import job_of
from orchestrator.rpc.service import Service
from orchestrator_protocol.job import JobLogParams, JobLogResult


async def job_log(service: Service, params: JobLogParams) -> JobLogResult:
    """The end of a job's output."""
    job = job_of(service, params.mission_id, params.job_id)
    output, is_cut = await service.jobs.output(job.id, params.limit_bytes)
    return JobLogResult(output=output.decode("utf-8", "replace"), is_cut=is_cut)
