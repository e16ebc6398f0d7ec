"""docs/recovery.md holds the table that the code holds, and every class has a meaning."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from orchestrator.cli.doctor import command
from orchestrator.domain.words import FailureKind
from orchestrator.engine.failures import MEANINGS, markdown
from orchestrator.engine.recovery import TABLE

PAGE = Path(__file__).resolve().parents[3] / "docs/recovery.md"


def test_every_class_has_a_row_and_a_meaning() -> None:
    assert set(MEANINGS) == set(TABLE) == set(FailureKind)


def test_the_page_holds_the_table() -> None:
    """When this fails: put `orchestrator.engine.failures.markdown()` into the page."""
    assert markdown() in PAGE.read_text("utf-8")


def test_doctor_prints_the_table() -> None:
    done = CliRunner().invoke(command, ["--recovery", "--json"])
    assert done.exit_code == 0
    assert {row["failure"] for row in json.loads(done.output)} == {kind.value for kind in FailureKind}
    words = CliRunner().invoke(command, ["--recovery"]).output
    assert "go on with the next model" in words
