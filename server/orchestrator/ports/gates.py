"""Judging trees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from orchestrator.domain.receipt import Check, GateReport
from orchestrator.domain.words import Stage
from orchestrator.errors import OrchestratorError
from orchestrator.ports.workspace import Worktree


class GateError(OrchestratorError):
    """Judging is not possible at all (a broken configuration, the setup command fails on the base, …)."""


@dataclass(frozen=True, slots=True)
class CheckChoice:
    """The commands that will judge a mission, frozen from its base.

    `setup` are shell lines that make a worktree ready; `held_back` names commands that were only found in a manifest
    and wait until the user trusts the workspace.
    """

    checks: tuple[Check, ...]
    setup: tuple[str, ...]
    held_back: tuple[str, ...]


class Gates(Protocol):
    """The judges of one workspace. One instance serves one mission."""

    async def choose(self, worktree: Worktree, *, is_trusted: bool) -> CheckChoice:
        """Read the declared checks, or find some, in a worktree of the base. Raises GateError on a wrong one."""
        ...

    def approve_judges(self, paths: Iterable[str]) -> None:
        """A person allows these files that judge the work (tests, their configuration) to be changed.

        "" stands for a runner whose count or result changed without a file that says why.
        """
        ...

    async def judge_base(self, worktree: Worktree) -> list[GateReport]:
        """Judge the base once, so that later reports hold only what is new. Findings here are informative."""
        ...

    async def judge(self, stage: Stage, worktree: Worktree, paths: Sequence[str]) -> list[GateReport]:
        """Judge a tree in a worktree against the base; `paths` are those that the mission or the attempt changed.

        At `ATTEMPT` and `MERGE` the gates for changed files run and the checks meant for that stage; at `SEAL` all
        run, and every check that passed is probed for sensitivity. A gate that could not look says `not_checked`.
        """
        ...
