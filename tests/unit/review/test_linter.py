"""The linter for editors: parse errors and rules over a text in memory."""

from __future__ import annotations

from orchestrator.domain.words import Verdict
from orchestrator.review.linter import GuardianLinter


def test_clean_failed_and_not_checked_are_three_things() -> None:
    linter = GuardianLinter()
    assert linter.lint("a.py", b"X = 1\n").verdict is Verdict.CLEAN
    failed = linter.lint("a.py", b"def f(x=[]):\n    return x\n")
    assert failed.verdict is Verdict.FAILED
    assert [finding.rule for finding, _ in failed.findings] == ["py-mutable-default"]
    unknown = linter.lint("a.unknown", b"?")
    assert (unknown.verdict, unknown.reason != "", unknown.findings) == (Verdict.NOT_CHECKED, True, ())


def test_parse_errors_come_from_the_syntax_gate() -> None:
    broken = GuardianLinter().lint("a.py", b"def f(:\n    return 1\n")
    assert ("syntax", "a.py") in {(finding.gate, finding.path) for finding, _ in broken.findings}


def test_a_fix_is_a_replacement_of_bytes() -> None:
    source = "é = not é in b\n".encode()
    fixes = [(finding, fix) for finding, fix in GuardianLinter().lint("a.py", source).findings if fix is not None]
    (finding, fix) = fixes[0]
    fixed = source[: fix.start_byte] + fix.replacement.encode() + source[fix.end_byte :]
    assert finding.rule == "py-negated-in"
    assert (fixed.decode(), fix.is_safe) == ("é = é not in b\n", True)


def test_a_body_that_is_missing_is_a_syntax_error_in_python() -> None:
    found = GuardianLinter().lint("a.py", b"def f():\n\nx = 1\n").findings
    assert [(finding.rule, finding.start_line) for finding, _ in found] == [("syntax-error", 2)], "as CPython says"


def test_the_syntax_of_a_newer_python_is_no_error() -> None:
    assert GuardianLinter().lint("a.py", b"type Pair[T] = tuple[T, T]\n").verdict is Verdict.CLEAN
