"""`orchestrator rules` on rules of the pack and on rules of a workspace."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from orchestrator import native
from orchestrator.cli.rules import command
from orchestrator.errors import OrchestratorError

RULE = """\
id: no-print
language: Python
severity: warning
message: Use the logger
note: print writes to the terminal of whoever runs the service.
rule:
  pattern: print($A)
fix: log($A)
"""
TESTS = "id: no-print\nvalid:\n- log(1)\ninvalid:\n- print(1)\nfixed:\n- log(1)\n"


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def rules(*words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(command, words, catch_exceptions=True)
    if isinstance(result.exception, OrchestratorError):
        raise result.exception
    assert result.exit_code == code, result.output
    return result


def workspace(rule: str = RULE, tests: str | None = TESTS) -> Path:
    folder = Path("rules")
    folder.mkdir(exist_ok=True)
    Path("sgconfig.yml").write_text("ruleDirs: [rules]\n", encoding="utf-8")
    (folder / "no-print.yml").write_text(rule, encoding="utf-8")
    if tests is not None:
        (folder / "no-print-test.yml").write_text(tests, encoding="utf-8")
    return folder


def test_list_has_every_rule_of_the_pack_and_those_of_the_workspace() -> None:
    workspace()
    rows = [json.loads(line) for line in rules("list", "--json").stdout.splitlines()]
    own = [row for row in rows if not row["isBuiltin"]]
    assert len(rows) == len(native.RuleSet.builtin()) + 1
    assert [(row["id"], row["fix"]) for row in own] == [("no-print", "offered")]
    assert all(row["url"].startswith("docs/rules/") for row in rows if row["isBuiltin"])


def test_list_in_text_can_be_narrowed_to_a_language() -> None:
    lines = rules("list", "--language", "go").stdout.splitlines()
    assert all(line.startswith("go-") for line in lines[:-1])
    assert lines[-1].endswith("rules, 0 of your own")


def test_list_says_which_rules_are_wrong_and_shows_the_others() -> None:
    folder = workspace()
    (folder / "broken.yml").write_text("id: broken\nlanguage: Python\nrule: {patern: x}\n", encoding="utf-8")
    result = rules("list", "--language", "python")
    assert "no-print" in result.stdout
    assert "broken.yml:3:" in result.stderr


def test_show_prints_the_rule_as_it_is_written_in_its_language_only() -> None:
    workspace()
    assert RULE in rules("show", "no-print").stdout
    text = rules("show", "tsx-eval").stdout
    assert text.startswith("# built in\nid: tsx-eval\nlanguage: Tsx\n")
    assert "js-eval\nlanguage" not in text


def test_explain_has_reason_examples_fix_and_how_to_silence_it() -> None:
    workspace()
    text = rules("explain", "no-print").stdout
    for part in (
        "Use the logger.",
        "print writes to the terminal",
        "print(1)",
        "log(1)",
        "# ast-grep-ignore: no-print",
    ):
        assert part in text
    row = json.loads(rules("explain", "no-print", "--json").stdout)
    assert {"isValid": False, "source": "print(1)", "fixed": "log(1)"} in row["examples"]


def test_an_unknown_rule_is_an_error_with_near_names() -> None:
    with pytest.raises(OrchestratorError) as caught:
        rules("explain", "py-mutable-defalt")
    assert caught.value.code == "unknown_rule"
    assert "py-mutable-default" in caught.value.hint


def test_test_passes_when_all_examples_hold() -> None:
    folder = workspace()
    assert "1 rule files, 2 examples, 0 failed" in rules("test", str(folder)).output
    assert "1 rule files, 2 examples, 0 failed" in rules("test", str(folder / "no-print.yml")).output


@pytest.mark.parametrize(
    ("tests", "told"),
    [
        (TESTS.replace("- log(1)\ninvalid", "- print(2)\ninvalid"), ["found in a valid example", "print(2)"]),
        (TESTS.replace("- print(1)", "- puts(1)"), ["not found in an invalid example", "puts(1)"]),
        (TESTS.replace("fixed:\n- log(1)", "fixed:\n- log.info(1)"), ["-log.info(1)", "+log(1)"]),
        (TESTS.replace("fixed:\n- log(1)", "fixed: [a, b]"), ["no-print-test.yml:", "2 sources in `fixed` for 1"]),
        ("id: other\nvalid: [x]\n", ["no-print-test.yml:", "there is no rule"]),
        ("id: no-print\nvalid: {x: 1}\n", ["no-print-test.yml:2:"]),
    ],
)
def test_test_says_what_does_not_hold(tests: str, told: list[str]) -> None:
    output = rules("test", str(workspace(tests=tests)), code=1).output
    for part in told:
        assert part in output


def test_test_names_the_place_of_a_fault_in_the_rule_and_tests_the_others() -> None:
    folder = workspace()
    (folder / "broken.yml").write_text(
        "id: broken\nlanguage: Python\nrule:\n  kind: nothing_like_it\n", encoding="utf-8"
    )
    output = rules("test", str(folder), code=1).output
    assert "broken.yml:4:" in output
    assert "2 rule files, 2 examples, 0 failed, 1 wrong" in output


def test_a_rule_without_examples_is_not_tested_rather_than_passed() -> None:
    output = rules("test", str(workspace(tests=None))).output
    assert "not tested, there is no no-print-test.yml" in output
    assert "1 not tested" in output


def test_rules_that_share_parts_are_tested_with_them() -> None:
    folder = workspace(RULE.replace("pattern: print($A)", "matches: printing").replace("fix: log($A)\n", ""), None)
    (folder / "no-print-test.yml").write_text("id: no-print\nvalid: [log(1)]\ninvalid: [print(1)]\n", encoding="utf-8")
    Path("utils").mkdir()
    Path("utils/printing.yml").write_text(
        "id: printing\nlanguage: Python\nrule: {pattern: print($A)}\n", encoding="utf-8"
    )
    Path("sgconfig.yml").write_text("ruleDirs: [rules]\nutilDirs: [utils]\n", encoding="utf-8")
    assert "2 examples, 0 failed" in rules("test", str(folder)).output


def test_nothing_to_test_is_an_error() -> None:
    Path("other.yml").write_text("a: 1\n", encoding="utf-8")
    with pytest.raises(OrchestratorError, match="no rule file"):
        rules("test")


@pytest.mark.parametrize("language", ["Python", "TypeScript", "Tsx", "Rust", "Go", "Java", "Html", "Css", "Yaml"])
def test_a_new_rule_passes_its_own_test(language: str) -> None:
    output = rules("new", "my-rule", "--language", language).output
    assert "written: sgconfig.yml" in output
    assert "2 examples, 0 failed" in rules("test", "rules").output
    assert "my-rule" in rules("list").output


def test_a_new_rule_goes_where_the_configuration_says() -> None:
    Path("sgconfig.yml").write_text("# rules of ours\nruleDirs:\n  - lint/own\n", encoding="utf-8")
    rules("new", "my-rule", "--language", "Python")
    assert Path("lint/own/my-rule.yml").is_file()
    assert Path("sgconfig.yml").read_text(encoding="utf-8").startswith("# rules of ours")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["new", "no-print", "--language", "Python"], "rule_exists"),
        (["new", "x-test", "--language", "Python"], "bad_rule"),
        (["new", "../x", "--language", "Python"], "bad_rule"),
        (["new", "x", "--language", "Klingon"], "bad_rule"),
    ],
)
def test_new_refuses(words: list[str], code: str) -> None:
    workspace()
    before = sorted(Path().rglob("*"))
    with pytest.raises(OrchestratorError) as caught:
        rules(*words)
    assert caught.value.code == code
    assert sorted(Path().rglob("*")) == before
