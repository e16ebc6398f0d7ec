"""Background jobs over the launcher: bounded in number, their output on disk, each reaped at its end."""

from __future__ import annotations

import os
import re
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import anyio
from anyio import to_thread
from anyio.abc import TaskGroup

from orchestrator.ports.clock import Clock, Ids
from orchestrator.ports.jobs import Job, JobError, JobOwner, JobStatus
from orchestrator.ports.launcher import Command, Launcher, LauncherError

MAX_RUNNING_IN_SESSION: Final = 5
MAX_KEPT: Final = 500
"""Most jobs that are remembered; the oldest ended ones are forgotten with their output."""
OUTPUT_CAP_BYTES: Final = 10_000_000
_POLL_S: Final = 0.1
_WINDOW_BYTES: Final = 65_536
"""A pattern is looked for in the newest part of the output that was not looked at before, and this much before it."""


@dataclass(slots=True, eq=False)
class _Running:
    """A job and what ends it."""

    job: Job
    path: Path
    begun_s: float
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    ended: anyio.Event = field(default_factory=anyio.Event)


class LauncherJobs:
    """Implements `ports.jobs.Jobs`; made by `open_jobs`."""

    def __init__(self, launcher: Launcher, folder: Path, clock: Clock, ids: Ids, tasks: TaskGroup) -> None:
        """Keep outputs in `folder`; run in `tasks`."""
        self._launcher = launcher
        self._folder = folder
        self._clock = clock
        self._ids = ids
        self._tasks = tasks
        self._jobs: dict[str, _Running] = {}

    async def start(self, owner: JobOwner, command: Command) -> Job:
        """Start a command in the background."""
        running = [job for job in self.list(owner.mission_id, owner.session_id) if job.status is JobStatus.RUNNING]
        if len(running) >= MAX_RUNNING_IN_SESSION:
            names = ", ".join(job.id for job in running)
            raise JobError("too_many_jobs", f"{len(running)} jobs of this session run already: {names}", "kill one")
        job_id = self._ids.new("j")
        path = self._folder / f"{job_id}.log"
        spilling = replace(command, spill_path=str(path), spill_cap_bytes=OUTPUT_CAP_BYTES)
        job = Job(job_id, owner, " ".join(command.argv)[-2_000:], JobStatus.RUNNING, self._clock.now_s(), 0.0, None, 0)
        entry = self._jobs[job_id] = _Running(job, path, time.monotonic())
        self._forget_oldest()
        self._tasks.start_soon(self._run, entry, spilling)
        return job

    def list(self, mission_id: str, session_id: str = "") -> list[Job]:
        """The jobs of a mission or of one session, oldest first."""
        entries = [e for e in self._jobs.values() if e.job.owner.mission_id == mission_id]
        return [_now(e) for e in entries if session_id in {"", e.job.owner.session_id}]

    def get(self, job_id: str) -> Job:
        """One job as it stands."""
        return _now(self._entry(job_id))

    async def output(self, job_id: str, limit_bytes: int) -> tuple[bytes, bool]:
        """The end of what it wrote so far."""
        return await to_thread.run_sync(_tail, self._entry(job_id).path, limit_bytes)

    async def wait(self, job_id: str, *, pattern: str = "", port: int = 0, timeout_s: float) -> bool:
        """Wait for words in the output, for a port, or for the end."""
        entry = self._entry(job_id)
        try:
            wanted = re.compile(pattern.encode()) if pattern else None
        except re.error as error:
            raise JobError("bad_pattern", f"{pattern!r} is no regular expression: {error}") from error
        with anyio.move_on_after(timeout_s):
            if wanted is not None:
                return await _written(entry, wanted)
            if port:
                return await _listening(entry, port)
            await entry.ended.wait()
            return True
        return False

    async def kill(self, job_id: str) -> Job:
        """End a job and reap it."""
        entry = self._entry(job_id)
        entry.scope.cancel()
        await entry.ended.wait()
        return entry.job

    async def end(self, session_id: str) -> None:
        """End all jobs of a session."""
        entries = [e for e in self._jobs.values() if e.job.owner.session_id == session_id and not e.ended.is_set()]
        for entry in entries:
            entry.scope.cancel()
        for entry in entries:
            await entry.ended.wait()

    async def _run(self, entry: _Running, command: Command) -> None:
        status, detail, exit_code = JobStatus.KILLED, "", None
        try:
            with entry.scope:
                outcome = await self._launcher.run(command)
                status = JobStatus.TIMED_OUT if outcome.is_timed_out else JobStatus.EXITED
                exit_code = outcome.exit_code
        except LauncherError as error:
            status, detail = JobStatus.FAILED, str(error)
        finally:
            ended = replace(_now(entry), status=status, exit_code=exit_code, detail=detail)
            entry.job = ended
            entry.ended.set()

    def _entry(self, job_id: str) -> _Running:
        entry = self._jobs.get(job_id)
        if entry is None:
            raise JobError("unknown_job", f"there is no job {job_id!r}", "it may have been long ago")
        return entry

    def _forget_oldest(self) -> None:
        ended = [job_id for job_id, entry in self._jobs.items() if entry.ended.is_set()]
        for job_id in ended[: max(0, len(self._jobs) - MAX_KEPT)]:
            self._jobs.pop(job_id).path.unlink(missing_ok=True)


@asynccontextmanager
async def open_jobs(launcher: Launcher, folder: Path, clock: Clock, ids: Ids) -> AsyncGenerator[LauncherJobs]:
    """Jobs that live as long as the context; outputs of an earlier server are removed."""
    await to_thread.run_sync(_emptied, folder)
    async with anyio.create_task_group() as tasks:
        yield LauncherJobs(launcher, folder, clock, ids, tasks)
        tasks.cancel_scope.cancel()


def _now(entry: _Running) -> Job:
    if entry.ended.is_set():
        return entry.job
    return replace(entry.job, duration_s=time.monotonic() - entry.begun_s, output_size_bytes=_size(entry.path))


async def _written(entry: _Running, wanted: re.Pattern[bytes]) -> bool:
    """Whether the words come before the job ends."""
    seen = 0
    while True:
        has_ended = entry.ended.is_set()
        piece, seen = await to_thread.run_sync(_piece, entry.path, seen)
        if wanted.search(piece):
            return True
        if has_ended:
            return False
        with anyio.move_on_after(_POLL_S):
            await entry.ended.wait()


async def _listening(entry: _Running, port: int) -> bool:
    """Whether the port answers before the job ends."""
    while not entry.ended.is_set():
        with suppress(OSError, TimeoutError), anyio.fail_after(1.0):
            stream = await anyio.connect_tcp("127.0.0.1", port)
            await stream.aclose()
            return True
        with anyio.move_on_after(_POLL_S):
            await entry.ended.wait()
    return False


def _piece(path: Path, seen: int) -> tuple[bytes, int]:
    """What was written after `seen`, with a window before it, and how much is seen now."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, seen - _WINDOW_BYTES))
            piece = file.read(OUTPUT_CAP_BYTES)
            return piece, file.tell()
    except FileNotFoundError:
        return b"", seen


def _tail(path: Path, limit_bytes: int) -> tuple[bytes, bool]:
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - limit_bytes))
            return file.read(limit_bytes), size > limit_bytes
    except FileNotFoundError:
        return b"", False


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _emptied(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path in folder.glob("j-*.log"):
        path.unlink(missing_ok=True)
