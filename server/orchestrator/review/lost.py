"""Tests that passed on the base and are not there any more, or do not run. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Set as AbstractSet

from orchestrator.review.pytest_results import CaseResults, file_of


def lost_tests(passed_on_base: AbstractSet[str], results: CaseResults) -> frozenset[str]:
    """The tests of the base that neither pass nor fail now, save those that plausibly bear another name.

    A test that is skipped now is lost. One that is gone is not, when a new test of the same name passes in another
    file, or when its file has at least as many new tests as it lost: they were renamed, or their ids differ from run
    to run.
    """
    gone = passed_on_base - results.passed - results.failed.keys()
    skipped = {test for test in gone if test in results.skipped or file_of(test) in results.skipped}
    new = results.passed - passed_on_base
    inner = {test.partition("::")[2] for test in new}
    missing = {test for test in gone - skipped if test.partition("::")[2] not in inner}
    missing_by_file = Counter(file_of(test) for test in missing)
    new_by_file = Counter(file_of(test) for test in new)
    unexplained = {test for test in missing if new_by_file[file_of(test)] < missing_by_file[file_of(test)]}
    return frozenset(skipped | unexplained)
