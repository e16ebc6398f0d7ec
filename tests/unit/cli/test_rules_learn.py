"""`orchestrator rules learn`."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from orchestrator.cli.rules import command
from orchestrator.errors import OrchestratorError


def learn(*words: str) -> Result:
    return CliRunner().invoke(command, ["learn", *words])


def test_conventions_are_shown_with_their_evidence(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"part{number}.py").write_text(f"def read_file_{number}(file_name):\n    return file_name\n")
    shown = learn(str(tmp_path))
    assert shown.exit_code == 0
    assert "40 of 40" in shown.output
    found = json.loads(learn(str(tmp_path), "--json").output)
    assert found["file_count"] == 40
    (functions,) = [row for row in found["conventions"] if row["habit"] == "function-name"]
    assert (functions["choice"], functions["agreeing"], functions["total"]) == ("snake_case", 40, 40)
    assert 0.9 <= functions["limit"] < 1


def test_no_convention_is_no_error(tmp_path: Path) -> None:
    shown = learn(str(tmp_path))
    assert (shown.exit_code, "no conventions" in shown.output) == (0, True)
    failed = learn(str(tmp_path / "missing"))
    assert isinstance(failed.exception, OrchestratorError)
    assert failed.exception.code == "no_such_path"
