"""Linting texts and folders with ast-grep rules."""

from __future__ import annotations

from pathlib import Path

import pytest

import orchestrator_core as core

NO_PRINT = """
id: no-print
language: Python
severity: warning
message: no print of $A
note: use the log
rule: {pattern: print($A)}
fix: log($A)
metadata: {fix: safe}
"""


def rules(*documents: str) -> core.RuleSet:
    """A set of the given YAML texts."""
    return core.RuleSet.from_yaml([(f"{index}.yml", text) for index, text in enumerate(documents)])


def test_a_finding_says_what_where_and_how_to_repair() -> None:
    report = core.lint_text(rules(NO_PRINT), "src/a.py", "ä = '🦀'; print(ä)\n".encode())
    assert (report.status, report.reason) == ("checked", None)
    (finding,) = report.findings
    assert (finding.rule_id, finding.path, finding.severity) == ("no-print", "src/a.py", "warning")
    assert (finding.message, finding.note, finding.text) == ("no print of ä", "use the log", "print(ä)")
    assert (finding.start_line, finding.start_column, finding.end_line, finding.end_column) == (0, 9, 0, 17)
    assert (finding.start_byte, finding.end_byte) == (13, 22)
    assert (finding.replacement, finding.fix_start_byte, finding.fix_end_byte) == ("log(ä)", 13, 22)
    assert finding.is_safe_fix


def test_clean_and_not_checked_are_different() -> None:
    clean = core.lint_text(rules(NO_PRINT), "a.py", b"x = 1\n")
    assert (clean.status, clean.findings) == ("checked", [])
    for path, reason in [("a.xyz", "unknown language"), ("Makefile", "unknown language"), ("a.go", "no rules for Go")]:
        report = core.lint_text(rules(NO_PRINT), path, b"")
        assert (report.status, report.reason, report.findings) == ("not_checked", reason, [])


def test_all_rules_of_a_file_in_order_of_position() -> None:
    other = "{id: a-call, language: Python, rule: {kind: call}}"
    report = core.lint_text(rules(NO_PRINT, other), "a.py", b"print(f(1))\n")
    assert [(f.start_byte, f.end_byte, f.rule_id) for f in report.findings] == [
        (0, 11, "a-call"),
        (0, 11, "no-print"),
        (6, 10, "a-call"),
    ]
    assert report.findings[0].severity == "hint"
    assert report.findings[0].replacement is None
    assert not report.findings[0].is_safe_fix


def test_suppression_comments_hold() -> None:
    source = b"print(1)  # ast-grep-ignore\n# ast-grep-ignore: no-print\nprint(2)\nprint(3)\n"
    report = core.lint_text(rules(NO_PRINT), "a.py", source)
    assert [finding.start_line for finding in report.findings] == [3]


def test_a_folder_is_linted_in_order_and_says_what_was_not_checked(tmp_path: Path) -> None:
    for name in ["b.py", "a/c.py", "a/b.py", "data.bin", "out/x.py"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("print(1)\n")
    (tmp_path / ".gitignore").write_text("out/\n")
    report = core.lint_paths(rules(NO_PRINT), str(tmp_path))
    assert [finding.path for finding in report.findings] == ["a/b.py", "a/c.py", "b.py"]
    assert (report.checked_count, report.is_truncated) == (3, False)
    assert [(skip.path, skip.reason) for skip in report.skipped] == [
        (".gitignore", "unknown language"),
        ("data.bin", "unknown language"),
    ]
    some = core.lint_paths(rules(NO_PRINT), str(tmp_path), ["a", "b.py", "a/b.py"])
    assert [finding.path for finding in some.findings] == ["a/b.py", "a/c.py", "b.py"]
    cut = core.lint_paths(rules(NO_PRINT), str(tmp_path), max_findings=2)
    assert (len(cut.findings), cut.is_truncated) == (2, True)


def test_sets_merge_and_the_other_wins() -> None:
    mine = rules(NO_PRINT)
    louder = rules(NO_PRINT.replace("warning", "error"))
    off = rules(NO_PRINT.replace("warning", "off"))
    assert [rule.severity for rule in mine.merged(louder).rules()] == ["error"]
    assert len(mine.merged(off)) == 0
    assert len(off.merged(mine)) == 1
    (rule,) = mine.rules()
    assert (rule.rule_id, rule.language, rule.is_fixable, rule.is_safe_fix) == ("no-print", "Python", True, True)


def test_the_builtin_pack_is_there() -> None:
    pack = core.RuleSet.builtin()
    assert len(pack) >= 20
    languages = {rule.language for rule in pack.rules()}
    assert {"Python", "TypeScript", "JavaScript"} <= languages
    assert all(rule.message and rule.rule_id for rule in pack.rules())


def test_a_configuration_file(tmp_path: Path) -> None:
    (tmp_path / "sgconfig.yml").write_text("ruleDirs: [rules]\nlanguageGlobs: {python: ['*.snake']}\n")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "one.yml").write_text(NO_PRINT)
    (tmp_path / "x.snake").write_text("print(1)\n")
    found = core.RuleSet.from_config(str(tmp_path / "sgconfig.yml"))
    assert core.lint_paths(found, str(tmp_path), ["x.snake"]).checked_count == 1


@pytest.mark.parametrize(
    ("yaml", "words"),
    [
        ("id: x\nlanguage: Python\nrule: {patern: a}\n", ["1.yml:3:1: ", "patern"]),
        ("id: x\n  language: [\n", ["1.yml:2:11: "]),
        ("id: x\nlanguage: Klingon\nrule: {pattern: a}\n", ["Klingon"]),
        ("id: x\nlanguage: Python\nrule: {kind: nonsense}\n", ["1.yml:3:14: rule x", "nonsense"]),
        ("language: Python\nrule: {pattern: a}\n", ["no `id`"]),
        (NO_PRINT, ["no-print", "0.yml"]),
        ("just text", ["1.yml"]),
    ],
)
def test_wrong_rules_are_named(yaml: str, words: list[str]) -> None:
    with pytest.raises(core.RuleError) as caught:
        rules(NO_PRINT, yaml)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_wrong_configurations_are_named(tmp_path: Path) -> None:
    with pytest.raises(core.RuleError, match=r"none\.yml"):
        core.RuleSet.from_config(str(tmp_path / "none.yml"))
    (tmp_path / "sgconfig.yml").write_text("ruleDirs: [missing]\n")
    (problem,) = core.RuleSet.from_config(str(tmp_path / "sgconfig.yml")).problems
    assert "missing" in problem.source
    with pytest.raises(core.RuleError, match="not a file"):
        core.RuleSet.from_config(str(tmp_path))
