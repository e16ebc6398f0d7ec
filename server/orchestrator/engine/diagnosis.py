"""Diagnostic mode: reads the log of what did not come to an end, and names the cause. Pure; spends nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orchestrator.domain import events as e
from orchestrator.domain.cycles import CycleWatch
from orchestrator.domain.finding import Finding
from orchestrator.domain.words import Cause, FailureKind, Stage, Strategy, Verdict

STALE_ROUNDS = 3
"""So many judgements of the whole tree with the same findings: two iterations have changed nothing."""
CYCLE_REPEATS = 2
"""How often a cycle of whole trees is gone through before it counts."""

STRATEGIES: dict[Cause, tuple[Strategy, ...]] = {
    Cause.SAME_FINDINGS: (Strategy.SEARCH, Strategy.OTHER_MODEL, Strategy.SPLIT),
    Cause.CYCLE: (Strategy.OTHER_MODEL, Strategy.SPLIT, Strategy.REPLAN),
    Cause.NEW_FINDINGS: (Strategy.SPLIT, Strategy.OTHER_MODEL, Strategy.REPLAN),
    Cause.NO_CHANGE: (Strategy.SEARCH, Strategy.OTHER_MODEL, Strategy.REPLAN),
    Cause.OUTSIDE_WRITE_SET: (Strategy.REPLAN, Strategy.OTHER_MODEL),
    Cause.CONFLICT: (Strategy.SPLIT, Strategy.REPLAN),
    Cause.SESSION_FAILED: (Strategy.SPLIT, Strategy.OTHER_MODEL),
}
"""What is tried against each cause, in this order, each once for a task; what the host can't do is left out."""
HOPELESS = frozenset(
    {
        FailureKind.BUDGET_EXHAUSTED,
        FailureKind.UNSUPPORTED,
        FailureKind.INTERRUPTED,
        FailureKind.UNAUTHORIZED,
        FailureKind.NO_SUCH_MODEL,
        FailureKind.QUOTA_EXHAUSTED,
        FailureKind.UNAVAILABLE,
        FailureKind.TOOL_FAILED,
    }
)
"""Failures that no other way of doing the task heals."""

MEANINGS: dict[Cause, str] = {
    Cause.SAME_FINDINGS: "its fixers end at the same findings",
    Cause.CYCLE: "its fixers go round in a circle",
    Cause.NEW_FINDINGS: "every try breaks something else",
    Cause.NO_CHANGE: "its sessions change nothing",
    Cause.OUTSIDE_WRITE_SET: "it needs files that it may not write",
    Cause.CONFLICT: "its work does not merge",
    Cause.SESSION_FAILED: "its sessions end without a result",
}


@dataclass(frozen=True, slots=True)
class Stuck:
    """Something that does not go on: the cause in a word and in a sentence, and the findings that were left."""

    task_id: str
    cause: Cause
    detail: str
    findings: tuple[Finding, ...] = ()
    is_hopeless: bool = False


_Shape = frozenset[tuple[str, str, str, str]]


def of_task(task_id: str, line: Iterable[str], log: Iterable[e.Event]) -> Stuck:
    """Why a task failed; `line` are the task and all that were made to mend it."""
    own = frozenset(line)
    refusals: list[e.AttemptRefused] = []
    last: e.AttemptRefused | e.AttemptInterrupted | None = None
    for event in log:
        if isinstance(event, e.AttemptRefused | e.AttemptInterrupted) and event.task_id in own:
            last = event
            if isinstance(event, e.AttemptRefused):
                refusals.append(event)
    if isinstance(last, e.AttemptInterrupted):
        kind = last.failure
        detail = f"{MEANINGS[Cause.SESSION_FAILED]}: {kind.value.replace('_', ' ')}"
        return Stuck(task_id, Cause.SESSION_FAILED, detail, (), kind in HOPELESS)
    if last is None:
        return Stuck(task_id, Cause.SESSION_FAILED, "the log holds no attempt of it", (), is_hopeless=True)
    cause = _cause([_shape(refusal.findings) for refusal in refusals], last.findings)
    times = f"{len(refusals)} refusals" if len(refusals) > 1 else "one refusal"
    return Stuck(task_id, cause, f"{MEANINGS[cause]} ({times}; the last time {last.reason})", last.findings)


def of_rounds(log: Iterable[e.Event]) -> Stuck | None:
    """Whether the rounds of the whole mission go nowhere: the same findings, or trees that come again; None if not."""
    trees: list[str] = []
    found: dict[int, list[Finding]] = {}
    for event in log:
        if isinstance(event, e.SealingStarted):
            trees.append(event.tree)
        elif isinstance(event, e.GateJudged) and event.stage is Stage.SEAL and trees:
            if event.report.verdict is Verdict.FAILED:
                whole = event.report.findings or (Finding(event.report.gate, event.report.gate, "", "failed"),)
                found.setdefault(len(trees), []).extend(whole)
        elif isinstance(event, e.MissionReopened) or (isinstance(event, e.MissionDiagnosed) and not event.task_id):
            trees, found = [], {}  # what came before was answered already
    left = tuple(found.get(len(trees), ()))
    shapes = [_shape(found.get(number, ())) for number in range(1, len(trees) + 1)]
    if len(shapes) >= STALE_ROUNDS and shapes[-1] and len(set(shapes[-STALE_ROUNDS:])) == 1:
        detail = f"{len(left)} findings on the whole tree are the same after {STALE_ROUNDS - 1} iterations"
        return Stuck("", Cause.SAME_FINDINGS, detail, left)
    watch = CycleWatch(CYCLE_REPEATS)
    period = 0
    for tree in trees:
        period = watch.add(tree)
    if period:
        return Stuck("", Cause.CYCLE, f"the same {period} trees came {CYCLE_REPEATS} times in a row", left)
    return None


def _cause(shapes: Sequence[_Shape], last: Sequence[Finding]) -> Cause:
    gates = {finding.gate for finding in last}
    rules = {finding.rule for finding in last}
    if rules == {"no-change"}:
        return Cause.NO_CHANGE
    if rules == {"outside-write-set"}:
        return Cause.OUTSIDE_WRITE_SET
    if gates == {"merge"}:
        return Cause.CONFLICT
    if len(shapes) > 1 and shapes[-1] == shapes[-2]:
        return Cause.SAME_FINDINGS
    return Cause.CYCLE if shapes[-1] in shapes[:-1] else Cause.NEW_FINDINGS


def _shape(findings: Iterable[Finding]) -> _Shape:
    return frozenset(finding.fingerprint for finding in findings)
