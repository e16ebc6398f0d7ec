"""Background jobs: bounded, heard, killed with all that they started."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from orchestrator.clock import RandomIds, SystemClock
from orchestrator.ports.jobs import JobError, JobOwner, JobStatus
from orchestrator.ports.launcher import Command
from orchestrator.sandbox.jobs import MAX_RUNNING_IN_SESSION, LauncherJobs, open_jobs
from orchestrator.sandbox.launcher import NativeLauncher

pytestmark = pytest.mark.anyio
OWNER = JobOwner("m-1", "t1", "s-1")


@pytest.fixture
async def jobs(tmp_path: Path) -> AsyncIterator[LauncherJobs]:
    async with open_jobs(NativeLauncher(tmp_path / "state"), tmp_path / "jobs", SystemClock(), RandomIds()) as jobs:
        yield jobs


def shell(line: str, folder: Path, timeout_s: float = 60.0) -> Command:
    environment = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    return Command(("/bin/sh", "-c", line), str(folder), environment, timeout_s, writable=(str(folder),))


async def test_a_job_is_heard_while_it_runs(jobs: LauncherJobs, tmp_path: Path) -> None:
    job = await jobs.start(OWNER, shell("echo ready; sleep 60", tmp_path))
    assert await jobs.wait(job.id, pattern=r"^ready$", timeout_s=30)
    assert jobs.get(job.id).status is JobStatus.RUNNING
    assert await jobs.output(job.id, 1_000) == (b"ready\n", False)
    assert await jobs.output(job.id, 3) == (b"dy\n", True)
    killed = await jobs.kill(job.id)
    assert killed.status is JobStatus.KILLED
    assert killed.exit_code is None


async def test_a_job_that_ends_says_how(jobs: LauncherJobs, tmp_path: Path) -> None:
    job = await jobs.start(OWNER, shell("echo bye; exit 3", tmp_path))
    assert not await jobs.wait(job.id, pattern="never", timeout_s=30)
    ended = jobs.get(job.id)
    assert (ended.status, ended.exit_code) == (JobStatus.EXITED, 3)


async def test_a_port_is_waited_for(jobs: LauncherJobs, tmp_path: Path) -> None:
    serve = (
        "import http.server as h; s = h.HTTPServer(('127.0.0.1', 0), h.SimpleHTTPRequestHandler); "
        "print(s.server_port, flush=True); s.serve_forever()"
    )
    job = await jobs.start(OWNER, shell(f'python3 -c "{serve}"', tmp_path))
    assert await jobs.wait(job.id, pattern=r"\d+\n", timeout_s=30)
    port = int((await jobs.output(job.id, 100))[0])
    assert await jobs.wait(job.id, port=port, timeout_s=30)
    await jobs.kill(job.id)


async def test_the_end_of_a_session_ends_its_jobs_and_their_children(jobs: LauncherJobs, tmp_path: Path) -> None:
    line = "sh -c 'sleep 61 & echo $!; wait' & echo up; wait"
    started = [await jobs.start(OWNER, shell(line, tmp_path)) for _ in range(MAX_RUNNING_IN_SESSION)]
    other = await jobs.start(JobOwner("m-1", "t2", "s-2"), shell("sleep 60", tmp_path))
    with pytest.raises(JobError, match="5 jobs of this session run already"):
        await jobs.start(OWNER, shell("true", tmp_path))
    for job in started:
        assert await jobs.wait(job.id, pattern="up", timeout_s=30)
    await jobs.end("s-1")
    assert {jobs.get(job.id).status for job in started} == {JobStatus.KILLED}
    assert jobs.get(other.id).status is JobStatus.RUNNING
    assert [job.id for job in jobs.list("m-1", "s-2")] == [other.id]
    assert len(jobs.list("m-1")) == 6
    assert jobs.list("m-2") == []


async def test_deadline_and_bad_questions(jobs: LauncherJobs, tmp_path: Path) -> None:
    job = await jobs.start(OWNER, shell("sleep 60", tmp_path, timeout_s=0.3))
    assert await jobs.wait(job.id, timeout_s=30)
    assert jobs.get(job.id).status is JobStatus.TIMED_OUT
    with pytest.raises(JobError, match="no regular expression"):
        await jobs.wait(job.id, pattern="(", timeout_s=1)
    with pytest.raises(JobError, match="there is no job 'j-0'"):
        jobs.get("j-0")
    missing = await jobs.start(OWNER, Command(("/no/such/program",), str(tmp_path), {}, 5.0))
    with anyio.fail_after(30):
        await jobs.wait(missing.id, timeout_s=20)
    assert jobs.get(missing.id).status is JobStatus.FAILED
    assert "/no/such/program" in jobs.get(missing.id).detail
