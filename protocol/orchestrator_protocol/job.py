"""Background jobs of sessions: servers, watchers, long builds."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from orchestrator_protocol.mission import MissionId
from orchestrator_protocol.wire import RequestParams, Result

JobId = Annotated[str, Field(min_length=1, max_length=200)]
JobStatus = Literal["running", "exited", "killed", "timed_out", "failed"]
"""`failed`: it could not be started."""


class JobView(Result):
    """One background command. `started_at` is Unix time in seconds; `exit_code` is null while it runs."""

    id: str
    task_id: str
    command: str
    status: JobStatus
    started_at: float
    duration_s: float
    exit_code: int | None
    output_size_bytes: int


class JobListResult(Result):
    """The jobs of a mission, oldest first."""

    jobs: list[JobView]


class JobListParams(RequestParams[JobListResult]):
    """Ask for the jobs that a mission's sessions started. Errors: unknown_mission, no_workspace."""

    mission_id: MissionId


class JobLogResult(Result):
    """The end of a job's output. `is_cut` when it is not all."""

    output: str
    is_cut: bool


class JobLogParams(RequestParams[JobLogResult]):
    """Read what a job wrote, at most the last `limit_bytes`. Errors: unknown_job, unknown_mission, no_workspace."""

    mission_id: MissionId
    job_id: JobId
    limit_bytes: Annotated[int, Field(ge=1, le=1_000_000)] = 64_000


class JobKillResult(Result):
    """The job as it ended."""

    job: JobView


class JobKillParams(RequestParams[JobKillResult]):
    """End a job and all that it started. Errors: unknown_job, unknown_mission, no_workspace."""

    mission_id: MissionId
    job_id: JobId
