"""What the runs of a check on a tree mean, given how the check ended on the base. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.domain.words import Verdict
from orchestrator.review.lost import lost_tests
from orchestrator.review.pytest_results import NO_TESTS_EXIT_CODE
from orchestrator.review.run import NOT_FOUND_EXIT_CODE, Run


@dataclass(frozen=True, slots=True)
class BaseRun:
    """How a check ended on the base. `reason` says why it is not green ("" when it is).

    `passed` and `failed` are test ids, both empty when the check gives no results by test; a test that did both in two
    runs is in `failed`. `passed_count` is what the runner said, where there are no results by test.
    """

    is_green: bool
    reason: str = ""
    passed: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()
    passed_count: int | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict, why, the tests (ids) that fail although they did not on the base, and those that no longer run."""

    verdict: Verdict
    detail: str = ""
    new_failures: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()


def base_run(runs: list[Run]) -> BaseRun:
    """Sum up the one or two runs on the base."""
    first = runs[0]
    if first.is_green:
        passed = first.results.passed if first.results else frozenset[str]()
        return BaseRun(is_green=True, passed=passed, passed_count=first.passed_count)
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
        return _judge_green(run, base)
    if base.is_green:
        return Judged(Verdict.FAILED, new_failures=frozenset(run.results.failed) if run.results else frozenset())
    if not base.passed and not base.failed:
        return Judged(Verdict.NOT_CHECKED, base.reason)
    if run.results is None or run.is_timed_out:
        if base.passed:
            return Judged(Verdict.FAILED, _NO_RESULT)
        return Judged(Verdict.NOT_CHECKED, base.reason)
    new = frozenset(run.results.failed) - base.failed
    lost = lost_tests(base.passed, run.results)
    if new or lost:
        return Judged(Verdict.FAILED, new_failures=new, lost=lost)
    if not run.results.passed:
        return Judged(Verdict.FAILED if base.passed else Verdict.NOT_CHECKED, base.reason)
    known = len(run.results.failed)
    return Judged(Verdict.CLEAN, f"{len(run.results.passed)} tests passed; {known} failed on the base already")


_NO_RESULT = "tests that passed on the base gave no result"


def _judge_green(run: Run, base: BaseRun) -> Judged:
    """What exit code 0 means: something else may have ended the run early, or left tests out."""
    if run.results is None:
        if base.passed:
            return Judged(Verdict.FAILED, _NO_RESULT)
        if base.passed_count and (run.passed_count or 0) < base.passed_count:
            said = "says nothing of any" if run.passed_count is None else f"says {run.passed_count}"
            return Judged(Verdict.FAILED, f"{base.passed_count} tests passed on the base, and now the runner {said}")
        return Judged(Verdict.CLEAN)
    new = frozenset(run.results.failed) - base.failed
    lost = lost_tests(base.passed, run.results)
    if new:
        return Judged(Verdict.FAILED, "it ended with exit code 0 although tests fail", new, lost)
    return Judged(Verdict.FAILED, lost=lost) if lost else Judged(Verdict.CLEAN)


def judge_pair(first: Run, second: Run, base: BaseRun) -> Judged:
    """What a failed run and its repetition mean together."""
    once, twice = judge_run(first, base), judge_run(second, base)
    before, after = once.new_failures | once.lost, twice.new_failures | twice.lost
    if twice.verdict is not Verdict.FAILED:
        named = sorted(before)[:10]
        return Judged(Verdict.FLAKY, f"failed once, then did not{': ' if named else ''}{', '.join(named)}")
    if not before or not after:
        return twice
    both = before & after
    if not both:
        named = sorted(before | after)[:10]
        return Judged(Verdict.FLAKY, f"other tests failed in each of two runs: {', '.join(named)}")
    return Judged(Verdict.FAILED, twice.detail, twice.new_failures & both, twice.lost & both)
