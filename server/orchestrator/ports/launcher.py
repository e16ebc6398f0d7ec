"""Running commands, confined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from orchestrator.errors import OrchestratorError


class LauncherError(OrchestratorError):
    """A command could not be started (`program_not_found`, `no_such_folder`, `launcher_missing`, …)."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command to run.

    `argv` is run as it is, without a shell unless it names one; `cwd` is absolute; `env` is exactly the child's
    environment. `writable` are the folders it may write, enforced where the level in force allows. The first and last
    halves of `output_cap_bytes` of its output are kept in memory; the whole goes to `spill_path` up to its cap.
    """

    argv: tuple[str, ...]
    cwd: str
    env: Mapping[str, str]
    timeout_s: float
    writable: tuple[str, ...] = ()
    output_cap_bytes: int = 1_000_000
    spill_path: str | None = None
    spill_cap_bytes: int = 50_000_000
    is_network_allowed: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended.

    `exit_code` is None when `signal` ended it. `output` is stdout and stderr in order, its middle cut when
    `is_output_cut`; `output_digest` is the SHA-256 of all of it. `level` names the confinement that was in force.
    """

    exit_code: int | None
    signal: int | None
    output: bytes
    output_digest: str
    output_size_bytes: int
    duration_s: float
    is_timed_out: bool
    is_output_cut: bool
    orphans_killed: int
    level: str


class Launcher(Protocol):
    """Runs commands. Everything it started is reaped when `run` returns or is cancelled."""

    @property
    def level(self) -> str:
        """The confinement that commands get on this machine, for people."""
        ...

    async def run(self, command: Command) -> Outcome:
        """Run to the end, the deadline or cancellation. Raises LauncherError when it can't be started."""
        ...
