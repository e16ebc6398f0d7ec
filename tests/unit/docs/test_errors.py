"""docs/errors.md names every error code that the product can raise, and no other."""

from __future__ import annotations

import re

import pytest
from raised_codes import PASSED_ON, ROOT, Codes, collect

from orchestrator_protocol.errors import ERRORS

ROW = re.compile(r"^\| `(?P<code>[a-z_]+)` \| (?:(?P<number>-?\d+) \| )?(?P<meaning>[^|]+) \| (?P<advice>[^|]+) \|$")
PAGE = (ROOT / "docs/errors.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def raised() -> Codes:
    return collect()


def rows() -> list[re.Match[str]]:
    """The rows of the page's tables that explain a code."""
    return [found for line in PAGE.splitlines() if (found := ROW.match(line))]


def test_every_row_is_understood() -> None:
    assert len(rows()) == sum(line.startswith("| `") for line in PAGE.splitlines())


def test_every_code_that_can_be_raised_is_explained(raised: Codes) -> None:
    missing = {code: sorted(places) for code, places in raised.places.items() if code not in explained()}
    assert not missing


def test_every_explained_code_can_be_raised(raised: Codes) -> None:
    assert explained() <= set(raised.places)


def test_no_code_is_explained_twice() -> None:
    assert len(rows()) == len(explained())


def test_numbers_are_those_of_the_registry() -> None:
    shown = {row["code"]: int(row["number"]) for row in rows() if row["number"]}
    assert shown == {name: kind.code for name, kind in ERRORS.items()}


def test_the_page_says_when_to_try_again() -> None:
    advised = {row["code"] for row in rows() if "*again*" in row["advice"]}
    assert advised == {name for name, kind in ERRORS.items() if kind.is_retry_useful}


def test_no_registered_number_is_used_twice() -> None:
    assert len({kind.code for kind in ERRORS.values()}) == len(ERRORS)


def test_the_collector_understands_every_error(raised: Codes) -> None:
    assert not raised.unresolved, f"neither a literal nor one of {sorted(PASSED_ON)}"


@pytest.mark.parametrize(
    "code",
    ["unknown_mission", "launcher_missing", "iterations_exhausted", "not_a_folder", "file_unwritable", "server_busy",
     "unverified", "wrong_configuration", "server_gone", "rate_limited", "tail_cut", "not_initialized"],
)  # fmt: skip
def test_the_collector_finds_codes_of_each_form(code: str, raised: Codes) -> None:
    assert any(place.startswith("server/") for place in raised.places[code])


def explained() -> set[str]:
    """The codes of the page."""
    return {row["code"] for row in rows()}
