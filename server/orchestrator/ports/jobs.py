"""Background jobs: commands of a session that go on while it does other things."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from orchestrator.errors import OrchestratorError
from orchestrator.ports.launcher import Command


class JobError(OrchestratorError):
    """`unknown_job`, `too_many_jobs`, or why a job could not be started."""


class JobStatus(StrEnum):
    """How a job stands. `FAILED` could not be started, or its launcher broke."""

    RUNNING = "running"
    EXITED = "exited"
    KILLED = "killed"
    TIMED_OUT = "timed_out"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class JobOwner:
    """Whose a job is. It ends with its session at the latest."""

    mission_id: str
    task_id: str
    session_id: str


@dataclass(frozen=True, slots=True)
class Job:
    """One job as it stands now. Times in seconds; `started_at_s` is Unix time. `detail` says why it failed."""

    id: str
    owner: JobOwner
    command: str
    status: JobStatus
    started_at_s: float
    duration_s: float
    exit_code: int | None
    output_size_bytes: int
    detail: str = ""


class Jobs(Protocol):
    """Runs jobs, each below its own launcher."""

    async def start(self, owner: JobOwner, command: Command) -> Job:
        """Start a command. Raises JobError `too_many_jobs` when the session has its fill running."""
        ...

    def list(self, mission_id: str, session_id: str = "") -> list[Job]:
        """The jobs of a mission, or of one session of it, oldest first; ended ones up to a cap."""
        ...

    def get(self, job_id: str) -> Job:
        """One job. Raises JobError `unknown_job`."""
        ...

    async def output(self, job_id: str, limit_bytes: int) -> tuple[bytes, bool]:
        """The end of what it wrote, and whether that is not all. Raises JobError `unknown_job`."""
        ...

    async def wait(self, job_id: str, *, pattern: str = "", port: int = 0, timeout_s: float) -> bool:
        """Wait for a regular expression in the output, for a TCP port on loopback, or (with neither) for the end.

        False after the deadline, or when the job ended before. Raises JobError `unknown_job`, `bad_pattern`.
        """
        ...

    async def kill(self, job_id: str) -> Job:
        """End a job and all that it started; returns when it is reaped. Raises JobError `unknown_job`."""
        ...

    async def end(self, session_id: str) -> None:
        """End all jobs of a session and reap them."""
        ...
