"""What runs mean, given the base: every combination that differs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.config.places import Places
from orchestrator.domain.finding import Finding
from orchestrator.domain.words import Verdict
from orchestrator.review.check_cache import MAX_ENTRIES, CheckCache
from orchestrator.review.compare import fresh
from orchestrator.review.leftovers import sweep
from orchestrator.review.pytest_results import CaseFailure, CaseResults, read_results, runs_pytest, tail
from orchestrator.review.run import Run
from orchestrator.review.verdicts import BaseRun, base_run, judge_pair, judge_run

GREEN = BaseRun(is_green=True)
RED = BaseRun(is_green=False, reason="red on the base already")


def results(passed: str, failed: str) -> CaseResults:
    return CaseResults(frozenset(passed), {test: CaseFailure("", 0, "") for test in failed})


@pytest.mark.parametrize(
    ("run", "base", "verdict"),
    [
        (Run(exit_code=0), GREEN, Verdict.CLEAN),
        (Run(exit_code=1), GREEN, Verdict.FAILED),
        (Run(exit_code=None), GREEN, Verdict.FAILED),
        (Run(exit_code=0), RED, Verdict.CLEAN),
        (Run(exit_code=1), RED, Verdict.NOT_CHECKED),
        (Run(is_timed_out=True), GREEN, Verdict.FAILED),
        (Run(is_timed_out=True), RED, Verdict.NOT_CHECKED),
        (Run(problem="no launcher"), GREEN, Verdict.NOT_CHECKED),
        (Run(exit_code=1, results=results("a", "b")), base_run([Run(exit_code=1, results=results("a", "b"))]), "clean"),
        (
            Run(exit_code=1, results=results("", "ab")),
            base_run([Run(exit_code=1, results=results("a", "b"))]),
            "failed",
        ),
        (
            Run(exit_code=1, results=results("", "b")),
            base_run([Run(exit_code=1, results=results("", "b"))]),
            "not_checked",
        ),
        (Run(exit_code=1, results=results("", "b")), base_run([Run(exit_code=1, results=results("a", "b"))]), "failed"),
        (Run(exit_code=4), base_run([Run(exit_code=1, results=results("a", "b"))]), "failed"),
        (Run(exit_code=4), base_run([Run(exit_code=1, results=results("", "b"))]), "not_checked"),
    ],
)
def test_one_run(run: Run, base: BaseRun, verdict: Verdict) -> None:
    assert judge_run(run, base).verdict == verdict


def test_two_runs() -> None:
    red, green = Run(exit_code=1), Run(exit_code=0)
    assert judge_pair(red, green, GREEN).verdict is Verdict.FLAKY
    assert judge_pair(red, red, GREEN).verdict is Verdict.FAILED
    one, other = Run(exit_code=1, results=results("b", "a")), Run(exit_code=1, results=results("a", "b"))
    both = Run(exit_code=1, results=results("", "ab"))
    assert judge_pair(one, other, GREEN).verdict is Verdict.FLAKY
    assert judge_pair(both, other, GREEN).new_failures == {"b"}


def test_a_base_that_disagrees_with_itself_knows_all_its_failures() -> None:
    base = base_run([Run(exit_code=1, results=results("b", "a")), Run(exit_code=0, results=results("ab", ""))])
    assert (base.is_green, base.failed, base.passed) == (False, {"a"}, {"b"})
    assert "flaky" in base.reason


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("pytest", True),
        ("python -m pytest -q", True),
        (".venv/bin/pytest tests", True),
        ("cd x && uv run pytest; true", True),
        ("pytest a && pytest b", False),
        ("pip install pytest-cov", False),
        ("pytest -p no:junitxml", False),
        ("make test", False),
    ],
)
def test_which_commands_run_pytest(command: str, expected: bool) -> None:
    assert runs_pytest(command) is expected


@pytest.mark.parametrize("text", ["", "<a", '<!DOCTYPE x [<!ENTITY a "b">]><testsuites/>'])
def test_unusable_results_are_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "r.xml").write_text(text)
    assert read_results(tmp_path / "r.xml") is None
    assert read_results(tmp_path / "absent.xml") is None


def test_a_cut_text_says_so() -> None:
    assert tail("abc", 3) == "abc"
    cut = tail("x" * 5_000 + "end", 2_000)
    assert (len(cut), cut.endswith("end"), "cut" in cut) == (2_000, True, True)


def test_the_cache_is_bounded_and_survives_damage(tmp_path: Path) -> None:
    cache = CheckCache(tmp_path)
    for number in range(MAX_ENTRIES + 5):
        cache.put((str(number),), {"n": number})
    assert len(list(tmp_path.iterdir())) == MAX_ENTRIES
    assert cache.get((str(MAX_ENTRIES + 4),)) == {"n": MAX_ENTRIES + 4}
    for entry in tmp_path.iterdir():
        entry.write_text("{")
    assert cache.get((str(MAX_ENTRIES + 4),)) is None


def test_what_killed_runs_left_is_swept(tmp_path: Path) -> None:
    places = Places(tmp_path / "w", tmp_path)
    for name in ("check-runs/old", "check-runs/new", "outputs"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "outputs/.new-1").touch()
    (tmp_path / "outputs/kept").touch()
    for name in ("check-runs/old", "outputs/.new-1", "outputs/kept"):
        os.utime(tmp_path / name, (0, 0))
    sweep(places)
    left = {str(place.relative_to(tmp_path)) for place in tmp_path.rglob("*")}
    assert left == {"check-runs", "check-runs/new", "outputs", "outputs/kept"}


def test_repeats_of_a_finding_are_counted() -> None:
    old = Finding("g", "r", "a.py", "m", text="x")
    moved = Finding("g", "r", "b.py", "m", text="x")
    base = {"a.py": (old,)}
    assert fresh([old, old], base, ["a.py"], []) == [old]
    assert fresh([moved], base, ["a.py"], []) == [moved]
    assert fresh([moved, moved], base, ["a.py"], ["a.py"]) == [moved]
