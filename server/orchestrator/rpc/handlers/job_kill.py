"""job/kill."""

from __future__ import annotations

from orchestrator.rpc.mapping import job_of, job_view
from orchestrator.rpc.service import Service
from orchestrator_protocol.job import JobKillParams, JobKillResult


async def job_kill(service: Service, params: JobKillParams) -> JobKillResult:
    """End a job and all that it started."""
    job = job_of(service, params.mission_id, params.job_id)
    return JobKillResult(job=job_view(await service.jobs.kill(job.id)))
