"""Files that are too much: large, long, looping, changing. Each is said, nothing crashes."""

from __future__ import annotations

import threading
from pathlib import Path

from orchestrator import native

RULES = native.RuleSet.from_yaml([("p.yml", "{id: p, language: Python, rule: {pattern: print($A)}}")])
HUGE_BYTES = 100 * 1024 * 1024
LINE_BYTES = 10 * 1024 * 1024


def reasons(root: Path) -> dict[str, str]:
    return {one.path: one.reason for one in native.lint_paths(RULES, str(root)).skipped}


def test_a_file_of_100_megabytes(tmp_path: Path) -> None:
    with (tmp_path / "huge.py").open("wb") as file:
        file.truncate(HUGE_BYTES)
    (tmp_path / "other.py").write_text("print(1)\n")
    assert reasons(tmp_path) == {"huge.py": "too large"}
    assert native.lint_text(RULES, "a.py", bytes(HUGE_BYTES)).reason == "too large"
    found = native.grep(str(tmp_path), ["print"])
    assert [match.path for match in found.matches] == ["other.py"]
    assert [(one.path, one.reason) for one in found.skipped] == [("huge.py", "binary")]


def test_a_line_of_10_megabytes(tmp_path: Path) -> None:
    (tmp_path / "line.py").write_bytes(b"x" * LINE_BYTES + b"print(1)\n")
    assert reasons(tmp_path) == {"line.py": "too large"}
    match = native.grep(str(tmp_path), ["print"]).matches[0]
    assert (match.line, match.column, len(match.text)) == (0, LINE_BYTES, 500)


def test_100_000_brackets(tmp_path: Path) -> None:
    (tmp_path / "deep.py").write_text("print(" + "[" * 100_000 + "]" * 100_000 + ")\n")
    assert reasons(tmp_path) == {"deep.py": "nested too deeply"}


def test_links_that_lead_back(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("print(1)\n")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "self.py").symlink_to(tmp_path / "self.py")
    report = native.lint_paths(RULES, str(tmp_path))
    assert [found.path for found in report.findings] == ["a.py"]
    assert [match.path for match in native.grep(str(tmp_path), ["print"]).matches] == ["a.py"]
    assert native.lint_paths(RULES, str(tmp_path), ["self.py"]).skipped[0].reason == "symlink"


def test_a_file_that_changes_while_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("print(1)\n" * 20_000)
    is_over = threading.Event()

    def change() -> None:
        while not is_over.is_set():
            file.write_text("print(1)\n")
            file.write_text("print(1)\n" * 20_000)

    writer = threading.Thread(target=change)
    writer.start()
    try:
        for _ in range(20):
            report = native.lint_paths(RULES, str(tmp_path), max_findings=100_000)
            assert report.checked_count + len(report.skipped) == 1
            assert {found.text for found in report.findings} <= {"print(1)"}
            assert {match.path for match in native.grep(str(tmp_path), ["print"]).matches} <= {"a.py"}
    finally:
        is_over.set()
        writer.join()


def test_an_expression_of_catastrophic_shape(tmp_path: Path) -> None:
    """It takes time that is linear in the text: nothing is tried twice."""
    rules = native.RuleSet.from_yaml(
        [("r.yml", r"{id: r, language: Python, rule: {kind: identifier, regex: '^(a+)+$|^(a|a)*b$'}}")]
    )
    text = "a" * 100_000 + "c"
    assert native.lint_text(rules, "a.py", f"{text} = 1\n".encode()).findings == []
    (tmp_path / "a.py").write_text(text)
    assert native.grep(str(tmp_path), [r"(a+)+$", r"(a|a)*b"]).matches == []


def test_the_place_of_an_error_in_a_rule(tmp_path: Path) -> None:
    (tmp_path / "sgconfig.yml").write_text("ruleDirs: [rules]\n")
    (tmp_path / "rules").mkdir()
    good = "id: good\nlanguage: Python\nrule:\n  pattern: print($A)\n"
    (tmp_path / "rules" / "a.yml").write_text(good + "---\nid: bad\nlanguage: Python\nrule:\n  pattern: [\n")
    rules = native.RuleSet.from_config(str(tmp_path / "sgconfig.yml"))
    (problem,) = rules.problems
    assert problem.source.endswith("a.yml")
    assert problem.line is not None
    assert problem.line > 4
    assert problem.column is not None
    assert [found.rule_id for found in native.lint_text(rules, "a.py", b"print(1)\n").findings] == ["good"]
