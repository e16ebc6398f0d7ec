"""Judging a tree by one command, and the receipts of its runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.domain.finding import Finding
from orchestrator.domain.receipt import Check, GateReport, Receipt
from orchestrator.domain.words import Sensitivity, Stage, Verdict
from orchestrator.ports.workspace import Worktree
from orchestrator.review.compare import TEXT_CHARACTERS
from orchestrator.review.pytest_results import CaseFailure, file_of
from orchestrator.review.run import NOT_FOUND_EXIT_CODE, CommandRunner, Run
from orchestrator.review.verdicts import BaseRun, Judged, base_run, judge_pair, judge_run

MAX_TEST_FINDINGS = 20


@dataclass(frozen=True, slots=True)
class CheckedRun:
    """The report on a check, and the run that its verdict rests on."""

    report: GateReport
    run: Run


def gate_name(check: Check) -> str:
    """The name of a check's gate."""
    return f"check:{check.name}"


def not_checked(check: Check, detail: str) -> GateReport:
    """The report on a check that was not run."""
    return GateReport(gate_name(check), Verdict.NOT_CHECKED, detail=detail)


async def run_on_base(check: Check, worktree: Worktree, runner: CommandRunner) -> tuple[BaseRun, GateReport]:
    """Run a check on the base, a second time when it is red. The report says NOT_CHECKED for all but green."""
    runs = [await runner.run(check.command, worktree, check.timeout_s)]
    if not runs[0].is_green and not runs[0].problem and not runs[0].is_timed_out:
        runs.append(await runner.run(check.command, worktree, check.timeout_s))
    base = base_run(runs)
    verdict = Verdict.CLEAN if base.is_green else Verdict.NOT_CHECKED
    receipts = _receipts(check, Stage.BASE, worktree, runs, Judged(verdict, base.reason))
    return base, GateReport(gate_name(check), verdict, (), receipts, base.reason)


async def run_check(check: Check, stage: Stage, worktree: Worktree, base: BaseRun, runner: CommandRunner) -> CheckedRun:
    """Run a check on a tree and judge it against the base. What failed is run once more, save after a deadline."""
    runs = [await runner.run(check.command, worktree, check.timeout_s)]
    judged = judge_run(runs[0], base)
    if judged.verdict is Verdict.FAILED and not runs[0].is_timed_out:
        runs.append(await runner.run(check.command, worktree, check.timeout_s))
        judged = judge_pair(runs[0], runs[1], base)
    findings = _findings(check, runs[-1], judged) if judged.verdict is Verdict.FAILED else ()
    receipts = _receipts(check, stage, worktree, runs, judged)
    detail = judged.detail
    if len(judged.new_failures) > MAX_TEST_FINDINGS:
        detail = f"{len(judged.new_failures)} tests fail, {MAX_TEST_FINDINGS} of them are shown. {detail}".strip()
    return CheckedRun(GateReport(gate_name(check), judged.verdict, findings, receipts, detail), runs[-1])


def _receipts(
    check: Check, stage: Stage, worktree: Worktree, runs: Sequence[Run], judged: Judged
) -> tuple[Receipt, ...]:
    """One receipt for each run that took place."""
    return tuple(
        Receipt(
            check=check.name,
            command=check.command,
            stage=stage,
            tree=worktree.tree,
            exit_code=run.exit_code,
            verdict=judged.verdict,
            duration_s=run.duration_s,
            output_digest=run.output_digest,
            output_size_bytes=run.output_size_bytes,
            level=run.level,
            sensitivity=Sensitivity.NOT_PROBED,
            detail=judged.detail or ("" if run.is_green else run.describe_end()),
        )
        for run in runs
        if not run.problem
    )


def _findings(check: Check, run: Run, judged: Judged) -> tuple[Finding, ...]:
    if run.results is not None and (judged.new_failures or judged.lost):
        shown = sorted(judged.new_failures)[:MAX_TEST_FINDINGS]
        lost = judge_changed(check, judged.lost)
        return (*(_test_finding(check, test, run.results.failed) for test in shown), *lost)
    if run.is_timed_out:
        what = f"`{check.command}` met its deadline of {check.timeout_s:g} s and was ended"
        return (_finding(check, "deadline", what, run),)
    if run.exit_code == NOT_FOUND_EXIT_CODE:
        what = f"`{check.command}` names a command that does not exist (exit code 127): it did on the base"
        return (_finding(check, "command-not-found", what, run),)
    what = f"`{check.command}` {run.describe_end()}"
    return (
        _finding(
            check,
            JUDGE_CHANGED if run.is_green else "check-failed",
            f"{what}: {judged.detail}" if judged.detail else what,
            run,
        ),
    )


JUDGE_CHANGED = "judge_changed"
"""The rule of findings that a person may overrule: by approving that what judges the mission changes."""


def judge_changed(check: Check, lost: Iterable[str]) -> tuple[Finding, ...]:
    """A finding for each file of tests that passed on the base and no longer run."""
    by_file: dict[str, list[str]] = {}
    for test in sorted(lost):
        by_file.setdefault(file_of(test), []).append(test)
    return tuple(
        Finding(
            gate=gate_name(check),
            rule=JUDGE_CHANGED,
            path=path,
            message=f"{len(tests)} tests that passed on the base no longer run: {', '.join(tests[:10])}. "
            "Tests may be added; that some go away, or are skipped, needs a person's approval",
            text=check.command[:TEXT_CHARACTERS],
        )
        for path, tests in list(by_file.items())[:MAX_TEST_FINDINGS]
    )


def _finding(check: Check, rule: str, what: str, run: Run) -> Finding:
    output = f"; the end of its output:\n{run.output_tail}" if run.output_tail else "; it wrote nothing"
    return Finding(gate_name(check), rule, "", what + output, text=check.command[:TEXT_CHARACTERS])


def _test_finding(check: Check, test: str, failed: Mapping[str, CaseFailure]) -> Finding:
    failure = failed[test]
    return Finding(
        gate=gate_name(check),
        rule="test-failed",
        path=failure.path,
        message=f"{test} fails:\n{failure.message}",
        start_line=failure.line,
        end_line=failure.line,
        text=test[:TEXT_CHARACTERS],
    )
