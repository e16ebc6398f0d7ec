"""Findings: which words of a rule are an address."""

from __future__ import annotations

import pytest

from orchestrator.domain.finding import web_address


@pytest.mark.parametrize(
    ("url", "expected"),
    [("https://example.invalid/r", "https://example.invalid/r"), ("docs/rules/r.md", None), ("", None), (None, None)],
)
def test_a_path_of_the_documentation_is_no_address(url: str | None, expected: str | None) -> None:
    assert web_address(url) == expected
