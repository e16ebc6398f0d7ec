"""Running one command on one tree."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import anyio

from orchestrator.config.places import Places
from orchestrator.ports.launcher import Command, Launcher, LauncherError, Outcome
from orchestrator.ports.workspace import Worktree
from orchestrator.review.counts import passed_count
from orchestrator.review.pytest_results import CaseResults, pytest_environment, read_results, runs_pytest, tail

TAIL_CHARACTERS = 2_000
NOT_FOUND_EXIT_CODE = 127


@dataclass(frozen=True, slots=True)
class Run:
    """How one run of a command went.

    `problem` says why nothing was run (then all else is empty). `output_digest` names the file that holds the output.
    `results` is there when the command ran pytest; `passed_count` when the output ends with a summary that is known.
    """

    exit_code: int | None = None
    is_timed_out: bool = False
    duration_s: float = 0.0
    output_tail: str = ""
    output_digest: str = ""
    output_size_bytes: int = 0
    level: str = ""
    results: CaseResults | None = None
    passed_count: int | None = None
    problem: str = ""

    @property
    def is_green(self) -> bool:
        """Whether the command ran and ended with 0."""
        return not self.problem and self.exit_code == 0 and not self.is_timed_out

    def describe_end(self) -> str:
        """How it ended, in words."""
        if self.problem:
            return self.problem
        if self.is_timed_out:
            return "met its deadline"
        return "was ended by a signal" if self.exit_code is None else f"ended with exit code {self.exit_code}"


class CommandRunner:
    """Runs the commands of one workspace, each in the root of a worktree, and keeps their outputs."""

    def __init__(self, launcher: Launcher, places: Places, environment: Mapping[str, str]) -> None:
        """`environment` is the scrubbed environment of every command.

        Its HOME can be written when it lies in the workspace's state folder, so that tools keep their caches there.
        """
        self._launcher = launcher
        self._places = places
        # Bytecode would be written beside the sources, and could outlive a planted change.
        self.environment = dict(environment) | {"PYTHONDONTWRITEBYTECODE": "1"}
        # A relative entry would let a tree bring its own `python`.
        places_of_programs = environment.get("PATH", "").split(os.pathsep)
        self.environment["PATH"] = os.pathsep.join(place for place in places_of_programs if Path(place).is_absolute())
        home = Path(environment.get("HOME", "/"))
        self._homes = (home,) if home.is_relative_to(places.state) else ()

    async def run(
        self, command: str, worktree: Worktree, timeout_s: float, pytest_options: tuple[str, ...] = ()
    ) -> Run:
        """Run a shell line to its end or its deadline. A command that can't be started gives a Run with a problem."""
        runs = self._places.state / "check-runs"
        for folder in (runs, self._places.outputs, *self._homes):
            folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=runs, ignore_cleanup_errors=True) as private:
            results = Path(private, "results.xml")
            environment = self.environment
            if runs_pytest(command):
                environment = environment | pytest_environment(environment, results, pytest_options)
            spill = self._places.outputs / f".new-{secrets.token_hex(8)}"
            try:
                outcome = await self._launcher.run(
                    Command(
                        argv=("sh", "-c", command),
                        cwd=worktree.path,
                        env=environment,
                        timeout_s=timeout_s,
                        writable=(worktree.path, private, *map(str, self._homes)),
                        spill_path=str(spill),
                    )
                )
            except LauncherError as error:
                spill.unlink(missing_ok=True)
                return Run(problem=f"the command could not be started: {error}")
            except BaseException:
                spill.unlink(missing_ok=True)
                raise
            await anyio.to_thread.run_sync(_keep, spill, self._places.outputs, outcome)
            found = await anyio.to_thread.run_sync(read_results, results) if runs_pytest(command) else None
            return _run(outcome, found)


def _keep(spill: Path, outputs: Path, outcome: Outcome) -> None:
    """Name the whole output by its digest, on the disk: a receipt will speak of it."""
    if not spill.exists():
        spill.write_bytes(outcome.output)
    _sync(spill)
    spill.replace(outputs / outcome.output_digest)
    _sync(outputs)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _run(outcome: Outcome, results: CaseResults | None) -> Run:
    return Run(
        exit_code=None if outcome.is_timed_out else outcome.exit_code,
        is_timed_out=outcome.is_timed_out,
        duration_s=outcome.duration_s,
        output_tail=tail(outcome.output.decode("utf-8", "replace").strip(), TAIL_CHARACTERS),
        output_digest=outcome.output_digest,
        output_size_bytes=outcome.output_size_bytes,
        level=outcome.level,
        results=results,
        passed_count=None if outcome.is_output_cut else passed_count(outcome.output),
    )
