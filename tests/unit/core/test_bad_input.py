"""Hostile and unlucky input: nothing crashes, and nothing unread is called clean."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import orchestrator_core as core

SOME = core.RuleSet.from_yaml(
    [("r.yml", "{id: a-call, language: Python, rule: {kind: call, inside: {kind: list, stopBy: end}}}")]
)

BAD_SOURCES = [
    (b"x = '\xff'", "not utf-8"),
    (b"x = '\0'", "binary"),
    (b"#" * (2 * 1024 * 1024 + 1), "too large"),
    (b"x = " + b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
    (b"x = " + b"-" * 100_000 + b"1", "nested too deeply"),
]


@pytest.mark.parametrize(("source", "reason"), BAD_SOURCES, ids=[reason for _, reason in BAD_SOURCES])
def test_not_checked_says_why(tmp_path: Path, source: bytes, reason: str) -> None:
    for report in [core.lint_text(SOME, "a.py", source), core.syntax_errors("a.py", source)]:
        assert (report.status, report.reason, report.findings) == ("not_checked", reason, [])
    (tmp_path / "a.py").write_bytes(source)
    folder = core.lint_paths(SOME, str(tmp_path))
    assert (folder.checked_count, [(skip.path, skip.reason) for skip in folder.skipped]) == (0, [("a.py", reason)])
    with pytest.raises(core.CoreError, match=reason):
        core.rename_identifier("a.py", source, "x", "y")
    with pytest.raises(core.CoreError, match=reason):
        core.ast_rewrite("a.py", source, "x", "y", "Python")


@pytest.mark.parametrize(
    "source", [b"(" * 100_000, b"]" * 50_000, b"", b"\xef\xbb\xbfx = 1\n", b"\r\r\r", b"x" * 1_000_000]
)
def test_odd_sources_do_not_crash(source: bytes) -> None:
    for path in ["a.py", "a.ts", "a.js", "a.json", "a.rs", "a.md", "a.yaml", "a.html"]:
        core.syntax_errors(path, source)
        core.imports(path, source)
    core.lint_text(SOME, "a.py", source)


def test_syntax_errors_are_findings() -> None:
    report = core.syntax_errors("a.py", b"def f(:\n    return 1\n")
    assert report.status == "checked"
    assert {(f.rule_id, f.severity) for f in report.findings} == {("syntax-error", "error")}
    assert core.syntax_errors("a.py", b"def f():\n    return 1\n").findings == []
    assert core.syntax_errors("a.ts", b"f(1;\n").findings[0].message == "Missing `)`"
    assert len(core.syntax_errors("a.py", b"x = )\n" * 500).findings) <= 20
    assert core.syntax_errors("a.unknown", b"").status == "not_checked"


def test_languages_by_path() -> None:
    known = {"a.py": "Python", "a.ts": "TypeScript", "a.tsx": "Tsx", "a.jsx": "JavaScript", "A": None, "": None}
    assert {path: core.language_of(path) for path in known} == known


def test_named_paths_stay_below_the_root(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "outside.py").write_text("[f()]\n")
    (root / "link").symlink_to(tmp_path)
    (root / "link.py").symlink_to(tmp_path / "outside.py")
    for path in ["../outside.py", "/etc/passwd", "link/outside.py", "a/../../outside.py"]:
        with pytest.raises(core.CoreError, match=r"out of the root|\.\."):
            core.lint_paths(SOME, str(root), [path])
    (root / "loop").symlink_to("loop")
    report = core.lint_paths(SOME, str(root), ["link.py", "loop/a.py", "missing.py"])
    assert report.checked_count == 0
    assert [(skip.path, skip.reason) for skip in report.skipped] == [
        ("link.py", "symlink"),
        ("loop/a.py", "unreadable: too many levels of symbolic links"),
        ("missing.py", "unreadable: no such file or directory"),
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable_files_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("f()\n")
    (tmp_path / "a.py").chmod(0)
    report = core.lint_paths(SOME, str(tmp_path))
    assert [skip.reason for skip in report.skipped] == ["unreadable: permission denied"]


def test_a_panic_is_a_core_error_and_the_module_lives_on(capfd: pytest.CaptureFixture[str]) -> None:
    from orchestrator_core import _core  # pyright: ignore[reportAttributeAccessIssue] - private on purpose  # noqa: PLC0415 - private on purpose

    with pytest.raises(core.CoreError, match="defect in the native core: on purpose"):
        _core._panic_on_purpose()
    assert "on purpose" in capfd.readouterr().err
    assert core.lint_text(SOME, "a.py", b"[f()]").status == "checked"


def test_other_threads_run_while_the_core_works() -> None:
    source = b"x = [f(1, 2), {'a': g(b)}]\n" * 60_000
    done = threading.Event()
    took: list[float] = []

    def work() -> None:
        started = time.perf_counter()
        core.lint_text(SOME, "a.py", source)
        took.append(time.perf_counter() - started)
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    longest, last = 0.0, time.perf_counter()
    while not done.wait(0.001):
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    thread.join()
    assert took[0] > 0.1, "too short to show anything"
    assert longest < took[0] / 2, f"this thread stood still for {longest:.2f} of {took[0]:.2f} s"


def test_the_launcher_is_a_program(tmp_path: Path) -> None:
    program = core.launcher_program()
    assert program[:4] == b"\x7fELF"
    path = tmp_path / "launcher"
    path.write_bytes(program)
    path.chmod(0o700)
    ended = subprocess.run([path, "--version"], capture_output=True, timeout=10, check=False, stdin=subprocess.DEVNULL)
    assert ended.returncode >= 0, "it must not die of a signal"


def test_the_stub_is_what_the_module_has() -> None:
    allowlist = Path(__file__).parents[3] / "rust" / "stubtest-allowlist.txt"
    command = [sys.executable, "-m", "mypy.stubtest", "orchestrator_core", "--allowlist", str(allowlist)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
