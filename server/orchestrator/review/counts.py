"""How many tests a runner says have passed, for the runners that give no results test by test."""

from __future__ import annotations

import re

_SUMMARIES = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        rb"^(?:=+ )?(?:.*, )?(\d+) passed.* in [\d.]+s",  # pytest
        rb"^Ran (\d+) tests? in ",  # unittest
        rb"^(?:#|\xe2\x84\xb9) pass (\d+)",  # node --test
        rb"^Tests:.*?(\d+) passed",  # jest
        rb"^\s+Tests\s.*?(\d+) passed",  # vitest
        rb"^\s+(\d+) passing\b",  # mocha
        rb"^test result: ok\. (\d+) passed",  # cargo
        rb"^(\d+) examples?, 0 failures",  # rspec
    )
)
_GO = re.compile(rb"^ok\s+\S", re.MULTILINE)
_UNITTEST_LEFT_OUT = re.compile(
    rb"^OK \(.*?(?:skipped|expected failures)=(\d+)(?:.*?expected failures=(\d+))?", re.MULTILINE
)


def passed_count(output: bytes) -> int | None:
    """The sum over all summaries in an output; None when there is none, so that nothing is known."""
    numbers = [int(found[1]) for pattern in _SUMMARIES for found in pattern.finditer(output)]
    packages = len(_GO.findall(output))
    if not numbers and not packages:
        return None
    left_out = sum(int(part) for found in _UNITTEST_LEFT_OUT.findall(output) for part in found if part)
    return max(0, sum(numbers) + packages - left_out)
