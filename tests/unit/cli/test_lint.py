"""`orchestrator lint` says what it did not check."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from orchestrator.cli.lint import command


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.py").write_text("x = 1\n", encoding="utf-8")


def lint(*words: str) -> Result:
    return CliRunner().invoke(command, words)


def test_files_that_were_not_checked_are_counted_by_reason() -> None:
    Path("b.py").write_bytes(b"\xff\xfe")
    Path("c.unknown").write_text("x\n", encoding="utf-8")
    Path("d.unknown").write_text("x\n", encoding="utf-8")
    result = lint()
    assert result.exit_code == 0
    assert "0 findings in 1 files, 3 files not checked" in result.stdout
    assert "not checked: 2 unknown language, 1 not utf-8" in result.stdout
    assert "not checked: b.py (not utf-8)" in result.stdout
    assert "c.unknown" not in result.stdout


def test_many_odd_files_are_named_up_to_ten() -> None:
    for number in range(12):
        Path(f"odd{number:02}.py").write_bytes(b"\xff")
    lines = lint().stdout.splitlines()
    assert sum(line.endswith("(not utf-8)") for line in lines) == 10
    assert lines[-1] == "not checked: 2 more of this kind"


def test_json_has_findings_alone_on_stdout_and_the_rest_on_stderr() -> None:
    Path("a.py").write_text("def f(x=[]):\n    return x\n", encoding="utf-8")
    Path("b.py").write_bytes(b"\xff")
    result = lint("--format", "json")
    assert [json.loads(line)["rule"] for line in result.stdout.splitlines()] == ["py-mutable-default"]
    assert "b.py (not utf-8)" in result.stderr


def test_a_wrong_rule_is_not_clean() -> None:
    Path("rules").mkdir()
    Path("rules/bad.yml").write_text("id: bad\nlanguage: Python\nrule: {patern: x}\n", encoding="utf-8")
    Path("sgconfig.yml").write_text("ruleDirs: [rules]\n", encoding="utf-8")
    result = lint("--config", "sgconfig.yml", "a.py")
    assert result.exit_code == 1
    assert "bad.yml:3:" in result.stdout
    assert "(the rule was not used)" in result.stdout
