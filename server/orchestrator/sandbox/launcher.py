"""The launcher port, by way of the native launcher program."""

from __future__ import annotations

import subprocess
from functools import cached_property
from pathlib import Path

import anyio
from anyio.abc import TaskStatus

from orchestrator.ports.launcher import Command, LauncherError, Outcome
from orchestrator.sandbox.install import install_launcher
from orchestrator.sandbox.limits import Limits
from orchestrator.sandbox.output import OutputKeeper
from orchestrator.sandbox.policy import Policy
from orchestrator.sandbox.process import LauncherProcess
from orchestrator.sandbox.report import Ended, Refused, Report, Started, refusal_error
from orchestrator.sandbox.request import Isolation, encode_request
from orchestrator.sandbox.temporary import private_folder

_SLACK_S = 20.0
"""The launcher keeps the deadline; the server waits this much longer before it stops trusting it."""
_DRAIN_LIMIT_S = 5.0
_FLOOD_PAUSE_S = 0.005
_PROBE_LIMIT_S = 10.0


class NativeLauncher:
    """Runs commands, each under its own launcher process.

    Levels, in the order of their words: `pidns` (the kernel ends the whole subtree with the launcher) or `subreaper`
    (the launcher finds and kills it; what kills the launcher itself first can leave orphans; `scoped` where the kernel
    refuses the command any signal to the outside), `private` (a view of the file system of its own: nothing outside the
    writable folders changes in any way, hidden places are not there), `landlock` (writes only below the command's
    writable folders), `nonet` (no network but a loopback of its own).
    """

    def __init__(
        self,
        state_dir: Path,
        *,
        program: Path | None = None,
        limits: Limits | None = None,
        grace_s: float = 2.0,
        isolation: Isolation = "auto",
        policy: Policy | None = None,
    ) -> None:
        """Keep the settings. The program of the native core is installed in `state_dir` at first use.

        `program` is another launcher program; `grace_s` the time between SIGTERM and SIGKILL.
        """
        self._state_dir = state_dir
        self._given_program = program
        self._limits = limits or Limits()
        self._grace_s = grace_s
        self._isolation: Isolation = isolation
        self.policy = policy or Policy()
        """Holds for every command that starts from now on; to be replaced, never changed."""

    @cached_property
    def _program(self) -> Path:
        return self._given_program or install_launcher(self._state_dir)

    @property
    def level(self) -> str:
        """What this machine allows, asked once (some milliseconds). A command without writable folders has less.

        Raises LauncherError `launcher_missing`.
        """
        return self._level

    @cached_property
    def _level(self) -> str:
        arguments = [str(self._program), "--probe", self._isolation]
        try:
            probe = subprocess.run(arguments, capture_output=True, timeout=_PROBE_LIMIT_S, check=True, env={}, cwd="/")
            return dict(item.split("=", 1) for item in probe.stdout.decode().split())["level"]
        except (OSError, subprocess.SubprocessError, KeyError, ValueError) as problem:
            raise LauncherError(
                "launcher_missing",
                f"The launcher {self._program} does not answer: {problem}.",
                "Reinstall the native core; the state directory must not be on a file system mounted noexec.",
            ) from problem

    async def run(self, command: Command) -> Outcome:
        """Run one command to its end, its deadline or cancellation; then nothing of it is left.

        A command with writable folders and no TMPDIR gets a private temporary folder, removed afterwards. Raises
        LauncherError with the codes in `report.refusal_error`, and `invalid_command`, `spill_failed`,
        `launcher_missing`, `launcher_killed`, `launcher_stuck`, `processes_survived`.
        """
        policy = self.policy
        async with private_folder(command, self._state_dir / "tmp") as prepared:
            request = encode_request(
                prepared, policy, limits=self._limits, isolation=self._isolation, grace_s=self._grace_s
            )
            with OutputKeeper(
                cap_bytes=prepared.output_cap_bytes,
                spill_path=prepared.spill_path,
                spill_cap_bytes=prepared.spill_cap_bytes,
            ) as output:
                started, ended = await self._watch(prepared, policy.required, request, output)
                return _outcome(started, ended, output)

    async def _watch(
        self, command: Command, required: tuple[str, ...], request: bytes, output: OutputKeeper
    ) -> tuple[Started, Ended]:
        process = LauncherProcess(self._program)
        story = _Story()
        try:
            with anyio.move_on_after(command.timeout_s + self._grace_s + _SLACK_S):
                await process.send(request)
                async with anyio.create_task_group() as tasks:
                    scope = await tasks.start(_keep_output, process, output)
                    await story.follow(process)
                    # All writers are gone, so the end of the output is near, or somebody survived.
                    scope.deadline = anyio.current_time() + _DRAIN_LIMIT_S
        finally:
            await process.close()
        return story.ends_well(command, required)


class _Story:
    """What the launcher reported of one command, or why that was not understood."""

    def __init__(self) -> None:
        self._reports: list[Report] = []
        self._problem: LauncherError | None = None
        self._is_complete = False

    async def follow(self, process: LauncherProcess) -> None:
        """Listen until the launcher has no more to say."""
        try:
            while report := await process.next_report():
                self._reports.append(report)
        except LauncherError as problem:
            # Raised in `ends_well`: out of a task group it would arrive as a group.
            self._problem = problem
        self._is_complete = True

    def ends_well(self, command: Command, required: tuple[str, ...]) -> tuple[Started, Ended]:
        """How it went. Raises the error for any other story than one with a start and a complete end."""
        if self._problem is not None:
            raise self._problem
        match self._reports:
            case [Started() as started, Ended(survivors=0) as ended]:
                return started, ended
            case [*_, Refused() as refused]:
                raise refusal_error(refused, command, required)
            case [*_, Ended(survivors=survivors)]:
                raise LauncherError(
                    "processes_survived",
                    f"{survivors} processes of {command.argv[0]!r} cannot be killed.",
                    "They sleep in the kernel (state D); look for a lost network disk or a failing device.",
                )
            case _ if self._is_complete:
                raise LauncherError(
                    "launcher_killed",
                    f"The launcher of {command.argv[0]!r} ended before its command, without a report.",
                    "Look for whoever killed it, such as a shortage of memory.",
                )
            case _:
                raise LauncherError(
                    "launcher_stuck",
                    f"The launcher did not report the end of {command.argv[0]!r} after its deadline.",
                    "Its subtree was killed; look for a machine under extreme load.",
                )


async def _keep_output(
    process: LauncherProcess, output: OutputKeeper, *, task_status: TaskStatus[anyio.CancelScope]
) -> None:
    with anyio.CancelScope() as scope:
        task_status.started(scope)
        while piece := await process.read_output():
            output.feed(piece)
            if output.is_flooding:
                # The full pipe slows the command down, and others get their turn.
                await anyio.sleep(_FLOOD_PAUSE_S)


def _outcome(started: Started, ended: Ended, output: OutputKeeper) -> Outcome:
    return Outcome(
        exit_code=ended.exit_code,
        signal=ended.signal,
        output=output.kept(),
        output_digest=output.digest,
        output_size_bytes=output.size_bytes,
        duration_s=ended.duration_s,
        is_timed_out=ended.is_timed_out,
        is_output_cut=output.is_cut,
        orphans_killed=ended.orphans_killed,
        level=started.level,
    )
