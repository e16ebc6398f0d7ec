"""A hostile session against the tools and the launcher: every case, a table of what came of it.

`python tests/security/hostile.py [--share 0.1]`; ends with 1 when anything escaped or could not be tried.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import anyio

sys.path.insert(0, str(Path(__file__).parent))

from hostile_cases import Case, cases
from hostile_world import World

from orchestrator.ports.host import ToolError
from orchestrator.ports.jobs import Jobs
from orchestrator.sandbox.request import Isolation

SLACK_S = 30.0
"""How much later than its deadline a command may come back on a busy machine."""


NOT_RUN = {
    "launcher_failed",
    "launcher_missing",
    "program_not_found",
    "no_such_folder",
    "network_denial_unavailable",
    "confinement_missing",
    "no_jobs",
    "unknown_tool",
}
"""A case that ends with one of these proves nothing."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a case; without harm it was held, if it has run."""

    case: Case
    harm: tuple[str, ...]
    has_run: bool


async def judged(world: World, case: Case, jobs: Jobs) -> Verdict:
    """Let one case loose and look at what it did."""
    world.mark = f"mark-{uuid.uuid4().hex}"
    world.fresh_worktree()
    world.allow_network(is_allowed=case.is_network_allowed)
    toolbox = await world.toolbox(jobs)
    begun_s = time.monotonic()
    said: list[str] = []
    has_run = True
    for tool, arguments in case.steps:
        try:
            said.append(str(await toolbox.call(tool, arguments)))
        except ToolError as error:
            said.append(f"{error.code}: {error.message}")
            has_run = has_run and error.code not in NOT_RUN
    if case.kind == "job":
        await anyio.sleep(0.3)
        await jobs.end("s-1")
    duration_s = time.monotonic() - begun_s
    harm = list(world.harm("\n".join(said)))
    if duration_s > case.timeout_s + SLACK_S:
        harm.append(f"it came back after {duration_s:.0f} s")
    return Verdict(case, tuple(harm), has_run)


async def verdicts(share: float, names: str = "", isolation: Isolation = "auto") -> tuple[str, list[Verdict]]:
    """The level of this machine, and a verdict for each case (or for a share of them, evenly)."""
    with tempfile.TemporaryDirectory() as scratch, World(Path(scratch).resolve() / "world", isolation) as world:  # noqa: ASYNC240 - before anything runs
        every = [case for case in cases(world) if names in f"{case.group} {case.name}"]
        step = max(1, round(1 / share))
        chosen = every[::step]
        async with world.jobs() as jobs:
            return world.level, [await judged(world, case, jobs) for case in chosen]


def table(level: str, found: Iterable[Verdict]) -> str:
    """For people."""
    every = list(found)
    groups = Counter(verdict.case.group for verdict in every)
    escaped = Counter(verdict.case.group for verdict in every if verdict.harm)
    idle = Counter(verdict.case.group for verdict in every if not verdict.has_run)
    lines = [f"level {level}", f"{'group':<12}{'cases':>8}{'escapes':>10}{'not run':>10}"]
    lines += [f"{group:<12}{count:>8}{escaped[group]:>10}{idle[group]:>10}" for group, count in groups.items()]
    lines.append(f"{'all':<12}{len(every):>8}{escaped.total():>10}{idle.total():>10}")
    lines += [f"ESCAPED {v.case.group}: {v.case.name}: {'; '.join(v.harm)}" for v in every if v.harm]
    return "\n".join(lines)


def main() -> int:
    """Run the corpus."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="share of the cases, evenly chosen")
    parser.add_argument("--only", default="", help="only cases whose group and name hold this")
    given = parser.parse_args()
    begun_s = time.monotonic()
    level, found = anyio.run(verdicts, given.share, given.only)
    print(table(level, found))
    print(f"{time.monotonic() - begun_s:.0f} s")
    return 1 if any(verdict.harm or not verdict.has_run for verdict in found) else 0


if __name__ == "__main__":
    sys.exit(main())
