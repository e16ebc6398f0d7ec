"""What the runs of a check on a tree mean, given how the check ended on the base. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.domain.words import Verdict
from orchestrator.review.pytest_results import NO_TESTS_EXIT_CODE
from orchestrator.review.run import NOT_FOUND_EXIT_CODE, Run


@dataclass(frozen=True, slots=True)
class BaseRun:
    """How a check ended on the base. `reason` says why it is not green ("" when it is).

    `passed` and `failed` are test ids, both empty when the check gives no results by test; a test that did both in two
    runs is in `failed`.
    """

    is_green: bool
    reason: str = ""
    passed: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict, why, and the tests (ids) that fail although they did not on the base."""

    verdict: Verdict
    detail: str = ""
    new_failures: frozenset[str] = frozenset()


def base_run(runs: list[Run]) -> BaseRun:
    """Sum up the one or two runs on the base."""
    first = runs[0]
    if first.is_green:
        return BaseRun(is_green=True, passed=first.results.passed if first.results else frozenset())
    failed = frozenset(test for run in runs if run.results for test in run.results.failed)
    passed = frozenset(test for run in runs if run.results for test in run.results.passed) - failed
    return BaseRun(is_green=False, reason=_base_reason(runs), passed=passed, failed=failed)


def _base_reason(runs: list[Run]) -> str:
    last = runs[-1]
    if last.is_green:
        return "flaky on the base already: it failed once and passed once"
    if last.problem:
        return last.problem
    if last.exit_code == NOT_FOUND_EXIT_CODE:
        return "the command was not found on the base: install it, or correct the check"
    if last.exit_code == NO_TESTS_EXIT_CODE and last.results is not None:
        return "no tests were collected on the base"
    said = last.output_tail.strip().splitlines()
    return f"red on the base already: it {last.describe_end()}{f' ({said[-1].strip()[:200]})' if said else ''}"


def judge_run(run: Run, base: BaseRun) -> Judged:
    """What one run means."""
    if run.problem:
        return Judged(Verdict.NOT_CHECKED, run.problem)
    if run.is_green:
        return Judged(Verdict.CLEAN)
    if base.is_green:
        return Judged(Verdict.FAILED, new_failures=frozenset(run.results.failed) if run.results else frozenset())
    if not base.passed and not base.failed:
        return Judged(Verdict.NOT_CHECKED, base.reason)
    if run.results is None or run.is_timed_out:
        if base.passed:
            return Judged(Verdict.FAILED, "tests that passed on the base gave no result")
        return Judged(Verdict.NOT_CHECKED, base.reason)
    new = frozenset(run.results.failed) - base.failed
    if new:
        return Judged(Verdict.FAILED, new_failures=new)
    if not run.results.passed:
        return Judged(Verdict.FAILED if base.passed else Verdict.NOT_CHECKED, base.reason)
    known = len(run.results.failed)
    return Judged(Verdict.CLEAN, f"{len(run.results.passed)} tests passed; {known} failed on the base already")


def judge_pair(first: Run, second: Run, base: BaseRun) -> Judged:
    """What a failed run and its repetition mean together."""
    once, twice = judge_run(first, base), judge_run(second, base)
    if twice.verdict is not Verdict.FAILED:
        named = sorted(once.new_failures)[:10]
        return Judged(Verdict.FLAKY, f"failed once, then did not{': ' if named else ''}{', '.join(named)}")
    if not once.new_failures or not twice.new_failures:
        return twice
    both = once.new_failures & twice.new_failures
    if not both:
        named = sorted(once.new_failures | twice.new_failures)[:10]
        return Judged(Verdict.FLAKY, f"other tests failed in each of two runs: {', '.join(named)}")
    return Judged(Verdict.FAILED, twice.detail, both)
