"""docs/invariants.md names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
PAGE = (TESTS.parent / "docs" / "invariants.md").read_text()


def proofs() -> list[tuple[str, str]]:
    """(file, test function or "") for each proof; `…::name` belongs to the file named before it."""
    found: list[tuple[str, str]] = []
    for file, name in re.findall(r"`([\w/]+\.py|…)(?:::(\w+))?`", PAGE):
        found.append((found[-1][0] if file == "…" else file, name))
    return found


def test_every_row_names_a_proof() -> None:
    rows = re.findall(r"^\| \d+ \|.*$", PAGE, re.MULTILINE)
    assert len(rows) >= 14
    assert all(".py" in row for row in rows)


@pytest.mark.parametrize(("file", "name"), proofs())
def test_a_named_proof_exists(file: str, name: str) -> None:
    source = (TESTS / file).read_text()
    assert re.search(rf"def {name}\b", source) if name else "def test_" in source or "TestCase" in source
