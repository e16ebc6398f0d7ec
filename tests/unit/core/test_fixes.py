"""Fixes, AST search and rewrite."""

from __future__ import annotations

from pathlib import Path

import pytest

import orchestrator_core as core


def lint(yaml: str, source: bytes) -> list[core.Finding]:
    """Findings of one rule in a Python text."""
    return core.lint_text(core.RuleSet.from_yaml([("rule.yml", yaml)]), "a.py", source).findings


def test_fixes_are_applied_from_the_top_and_overlaps_wait() -> None:
    yaml = "{id: unwrap, language: Python, rule: {pattern: f($A)}, fix: $A}"
    source = b"x = f(f(1)) + f(2)\n"
    findings = lint(yaml, source)
    assert core.apply_fixes(source, findings) == (b"x = f(1) + 2\n", 2, 1)
    assert core.apply_fixes(source, list(reversed(findings))) == (b"x = f(1) + 2\n", 2, 1)
    assert core.apply_fixes(source, []) == (source, 0, 0)


def test_a_fix_may_reach_beyond_its_match() -> None:
    yaml = """
id: no-legacy
language: Python
rule: {kind: keyword_argument, has: {field: name, regex: ^legacy$}}
fix: {template: '', expandEnd: {regex: ','}}
"""
    source = b"f(a, legacy=1, b=2)\n"
    (finding,) = lint(yaml, source)
    assert (finding.start_byte, finding.end_byte) == (5, 13)
    assert (finding.fix_start_byte, finding.fix_end_byte) == (5, 14)
    assert core.apply_fixes(source, [finding]) == (b"f(a,  b=2)\n", 1, 0)


def test_findings_of_another_source_are_refused() -> None:
    findings = lint("{id: r, language: Python, rule: {pattern: f($A)}, fix: $A}", b"x = 123; f(1)\n")
    with pytest.raises(core.CoreError, match="lint the source again"):
        core.apply_fixes(b"short", findings)


def test_search_by_pattern(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("f(1)\ng(f(2))\n")
    (tmp_path / "b.js").write_text("f(1)\n")
    (tmp_path / "bad.py").write_bytes(b"f(\xff)")
    report = core.ast_match(str(tmp_path), "f($A)", "python")
    assert [(m.path, m.start_line, m.start_column, m.text) for m in report.matches] == [
        ("a.py", 0, 0, "f(1)"),
        ("a.py", 1, 2, "f(2)"),
    ]
    assert report.checked_count == 1
    assert [(skip.path, skip.reason) for skip in report.skipped] == [("bad.py", "not utf-8")]
    assert core.ast_match(str(tmp_path), "f($A)", "Python", max_matches=1).is_truncated


def test_rewrite_by_pattern() -> None:
    source = "ä = f(f(1))\nf(2)\n".encode()
    assert core.ast_rewrite("a.py", source, "f($A)", "g($A, $A)", "Python") == (
        "ä = g(f(1), f(1))\ng(2, 2)\n".encode(),
        2,
    )
    assert core.ast_rewrite("a.py", source, "h($A)", "g($A)", "Python") == (source, 0)


@pytest.mark.parametrize(
    ("pattern", "language"), [("f(", "Python"), ("", "Python"), ("f()", "Klingon"), ("$$$A", "py")]
)
def test_wrong_patterns_and_languages_are_errors(tmp_path: Path, pattern: str, language: str) -> None:
    with pytest.raises(core.CoreError):
        core.ast_match(str(tmp_path), pattern, language)
    with pytest.raises(core.CoreError):
        core.ast_rewrite("a.py", b"f()", pattern, "g()", language)
