"""job/list."""

from __future__ import annotations

from orchestrator.rpc.mapping import job_view
from orchestrator.rpc.service import Service
from orchestrator_protocol.job import JobListParams, JobListResult


async def job_list(service: Service, params: JobListParams) -> JobListResult:
    """The background jobs of a mission."""
    service.get(params.mission_id)
    return JobListResult(jobs=[job_view(job) for job in service.jobs.list(params.mission_id)])
