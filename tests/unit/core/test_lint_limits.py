"""Results on disk, budgets, cancelling, and sets that only add."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import orchestrator_core as core

RULE = "{id: a-call, language: Python, message: 'call of $F', note: n, rule: {pattern: $F($A)}, fix: g($A)}"
OTHER = "{id: an-assert, language: Python, rule: {kind: assert_statement}}"


def rules(*yaml: str) -> core.RuleSet:
    return core.RuleSet.from_yaml([(f"{number}.yml", text) for number, text in enumerate(yaml)])


def seen(report: core.LintReport) -> list[tuple[object, ...]]:
    return [
        (f.rule_id, f.path, f.severity, f.message, f.note, f.text, f.start_line, f.end_column, f.replacement)
        for f in report.findings
    ]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    root.mkdir()
    for number in range(20):
        (root / f"m{number}.py").write_text(f"x = {number}\nf(x)  # ä\n" * (number % 3))
    (root / "silent.py").write_text("x = 1  # ast-grep-ignore: a-call\n")
    return root


def test_results_are_kept_and_the_same(tree: Path, tmp_path: Path) -> None:
    cache = str(tmp_path / "cache")
    first = core.lint_paths(rules(RULE), str(tree), cache=cache)
    again = core.lint_paths(rules(RULE), str(tree), cache=cache)
    assert (first.cached_count, again.cached_count, again.cache_problem) == (0, first.checked_count, None)
    assert seen(first) == seen(again) == seen(core.lint_paths(rules(RULE), str(tree)))
    assert {f.rule_id for f in again.findings} == {"a-call", "unused-suppression"}


def test_what_changed_is_looked_at_again(tree: Path, tmp_path: Path) -> None:
    cache = str(tmp_path / "cache")
    core.lint_paths(rules(RULE), str(tree), cache=cache)
    (tree / "m1.py").write_text("h(1)\n")
    (tree / "m2.py").unlink()
    report = core.lint_paths(rules(RULE), str(tree), cache=cache)
    assert report.cached_count == report.checked_count - 1
    assert seen(report) == seen(core.lint_paths(rules(RULE), str(tree)))
    part = core.lint_paths(rules(RULE), str(tree), ["m1.py"], cache=cache)
    assert part.cached_count == 1
    assert core.lint_paths(rules(RULE), str(tree), cache=cache).cached_count == report.checked_count


def test_other_rules_have_other_results(tree: Path, tmp_path: Path) -> None:
    cache = str(tmp_path / "cache")
    core.lint_paths(rules(RULE), str(tree), cache=cache)
    assert core.lint_paths(rules(RULE, OTHER), str(tree), cache=cache).cached_count == 0
    assert core.lint_paths(rules(RULE.replace("call of", "use of")), str(tree), cache=cache).cached_count == 0


@pytest.mark.parametrize("damage", [b"", b"ocolint1", b"junk" * 100, None])
def test_damaged_results_are_made_again(tree: Path, tmp_path: Path, damage: bytes | None) -> None:
    cache = tmp_path / "cache"
    expected = seen(core.lint_paths(rules(RULE), str(tree), cache=str(cache)))
    (stored,) = cache.iterdir()
    content = bytearray(stored.read_bytes())
    content[len(content) // 2] ^= 1
    stored.write_bytes(bytes(content) if damage is None else damage)
    report = core.lint_paths(rules(RULE), str(tree), cache=str(cache))
    assert (report.cached_count, seen(report)) == (0, expected)
    assert core.lint_paths(rules(RULE), str(tree), cache=str(cache)).cached_count == report.checked_count


def test_several_at_once_share_a_folder(tree: Path, tmp_path: Path) -> None:
    def lint(number: int) -> list[tuple[object, ...]]:
        return seen(core.lint_paths(rules(RULE, OTHER if number % 2 else ""), str(tree), cache=str(tmp_path / "cache")))

    with ThreadPoolExecutor(8) as pool:
        assert len({tuple(found) for found in pool.map(lint, range(24))}) == 1


def test_a_folder_that_cannot_be_written_is_said(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    report = core.lint_paths(rules(RULE), str(tree), cache=str(tmp_path / "cache"))
    assert report.checked_count == 21
    assert report.cache_problem


def test_a_file_over_its_budget_is_not_checked(tree: Path, tmp_path: Path) -> None:
    (tree / "big.py").write_text("f(1)\n" * 100_000)
    report = core.lint_paths(rules(RULE), str(tree), ["big.py"], budget_s=0.000_001, cache=str(tmp_path / "cache"))
    assert (report.checked_count, report.findings) == (0, [])
    assert report.skipped[0].reason.startswith("took longer than ")
    text = core.lint_text(rules(RULE), "big.py", (tree / "big.py").read_bytes(), budget_s=0.000_001)
    assert text.status == "not_checked"
    assert core.lint_paths(rules(RULE), str(tree), ["big.py"], cache=str(tmp_path / "cache")).checked_count == 1


def test_work_can_be_cancelled(tree: Path) -> None:
    token = core.CancelToken()
    token.cancel()
    with pytest.raises(core.CoreError, match="cancelled"):
        core.lint_paths(rules(RULE), str(tree), cancel=token)
    with pytest.raises(core.CoreError, match="cancelled"):
        core.ast_match(str(tree), "f($A)", "python", cancel=token)
    (tree / "big.py").write_text("f(1)\n" * 50_000)
    report = core.lint_text(rules(RULE), "big.py", (tree / "big.py").read_bytes(), cancel=token)
    assert (report.status, report.reason) == ("not_checked", "cancelled")


def test_an_extension_only_adds(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    own = (
        f"{RULE.replace('rule: {pattern: $F($A)}, fix: g($A)', 'severity: off, rule: {pattern: $F($A)}')}\n---\n{OTHER}"
    )
    (tmp_path / "rules" / "own.yml").write_text(own)
    (tmp_path / "sgconfig.yml").write_text(
        "ruleDirs: [rules]\nlanguageGlobs: {javascript: ['*.py'], python: ['*.snake']}\n"
    )
    project = core.RuleSet.from_config(str(tmp_path / "sgconfig.yml"))
    assert project.problems == []
    both = rules(RULE).extended(project)
    found = core.lint_text(both, "a.py", b"f(1)\nassert x\n").findings
    assert [f.rule_id for f in found] == ["a-call", "an-assert"]
    assert len(core.lint_text(both, "a.snake", b"assert x\n").findings) == 1
    merged = rules(RULE).merged(project)
    assert core.lint_text(merged, "a.py", b"f(1)\n").reason == "no rules for JavaScript"


def test_wrong_parts_are_said_and_the_others_run(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "utils").mkdir()
    (tmp_path / "rules" / "some.yml").write_text(
        f"{OTHER}\n---\nid: bad\nlanguage: Python\nrule: {{kindd: x}}\n---\n{RULE}"
    )
    (tmp_path / "utils" / "bad.yml").write_text("{id: u, language: Python, rule: {kind: nonsense}}")
    (tmp_path / "sgconfig.yml").write_text(
        "ruleDirs: [rules, missing]\nutilDirs: [utils]\ncustomLanguages:\n  mojo: {libraryPath: m.so}\n"
    )
    project = core.RuleSet.from_config(str(tmp_path / "sgconfig.yml"))
    assert len(project) == 2
    said = {(Path(problem.source).name, problem.line): problem.reason for problem in project.problems}
    assert set(said) == {("sgconfig.yml", 3), ("some.yml", 5), ("bad.yml", 1), ("missing", None)}
    assert "not supported" in said["sgconfig.yml", 3]
    assert "kindd" in said["some.yml", 5]


def test_globs_are_relative_to_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "project" / "rules").mkdir(parents=True)
    (tmp_path / "project" / "src" / "deep").mkdir(parents=True)
    (tmp_path / "project" / "rules" / "one.yml").write_text(
        "{id: one, language: Python, rule: {kind: call}, files: ['src/**']}"
    )
    (tmp_path / "project" / "sgconfig.yml").write_text("ruleDirs: [rules]\n")
    for place in ("project/src/deep/a.py", "project/b.py"):
        (tmp_path / place).write_text("f(1)\n")
    project = core.RuleSet.from_config(str(tmp_path / "project" / "sgconfig.yml"))
    for root, expected in (
        ("project", ["src/deep/a.py"]),
        ("project/src", ["deep/a.py"]),
        (".", ["project/src/deep/a.py"]),
    ):
        found = core.lint_paths(project, str(tmp_path / root)).findings
        assert [f.path for f in found] == expected


@pytest.mark.parametrize(("encoding", "column"), [("utf-8", 14), ("utf-16", 11), ("utf-32", 10)])
def test_an_open_text_counts_as_the_client_does(encoding: str, column: int) -> None:
    text = core.OpenText("a.py", "x = 'ä🦀'; f(1)\r\nf(2)\n", encoding)
    report = text.lint(rules(RULE))
    assert report.ranges == [(0, column, 0, column + 4), (1, 0, 1, 4)]
    assert report.position_at(report.findings[0].fix_start_byte or 0) == (0, column)
    text.change([((0, column, 0, column + 1), "assert "), (None, "f(3)\n"), ((0, 2, 0, 3), "4")])
    assert text.source == "f(4)\n"
    assert [f.message for f in text.lint(rules(RULE)).findings] == ["call of f"]
    with pytest.raises(ValueError, match="klingon"):
        core.OpenText("a.py", "", "klingon")
