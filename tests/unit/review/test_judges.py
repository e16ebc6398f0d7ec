"""What may judge: lost tests, counts, base forms of mixed files, and what only a person may change."""

from __future__ import annotations

import json

import pytest

from orchestrator.config.places import CONFIG_NAME
from orchestrator.domain.receipt import Check
from orchestrator.domain.words import Stage, Verdict
from orchestrator.review.base import Base
from orchestrator.review.checks import JUDGE_CHANGED
from orchestrator.review.counts import passed_count
from orchestrator.review.forms import base_config, base_inline_tests, without_config
from orchestrator.review.freeze import base_form
from orchestrator.review.judges import changed_judges, marks, pins_of
from orchestrator.review.lost import lost_tests
from orchestrator.review.pytest_results import CaseFailure, CaseResults
from orchestrator.review.run import Run
from orchestrator.review.sensitivity import plantable
from orchestrator.review.sources import Source
from orchestrator.review.verdicts import base_run, judge_pair, judge_run

pytestmark = pytest.mark.anyio

CODE = "def add(a, b):\n    return a + b\n"
TEST = "from calc import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n"
CHECKS = json.dumps({"checks": [{"name": "unit", "command": "python -m pytest -q -p no:cacheprovider"}]})
PROJECT = {"calc.py": CODE, "tests/test_calc.py": TEST, "tests/test_more.py": TEST, CONFIG_NAME: CHECKS}


async def test_a_person_can_approve_that_a_judge_changes(court) -> None:
    await court.begin(PROJECT)
    gone = {"calc.py": CODE + "\n\nX = 1\n", "tests/test_more.py": None, CONFIG_NAME: "{}"}
    refused = await court.judge(gone)
    assert {(found.rule, found.path) for found in refused["judges"].findings} == {(JUDGE_CHANGED, CONFIG_NAME)}
    assert refused["check:unit"].verdict is Verdict.NOT_CHECKED
    court.room.approve_judges([CONFIG_NAME])
    refused = await court.judge(gone)
    assert {(found.rule, found.path) for found in refused["check:unit"].findings} == {
        (JUDGE_CHANGED, "tests/test_more.py")
    }
    court.room.approve_judges(["tests/test_more.py"])
    reports = await court.judge(gone, Stage.SEAL)
    assert reports["check:unit"].verdict is Verdict.CLEAN
    assert "judges" not in reports


async def test_an_approval_is_for_its_path_alone(court) -> None:
    await court.begin(PROJECT)
    court.room.approve_judges(["tests/test_more.py"])
    wrong = {"calc.py": CODE.replace("+", "-"), "tests/test_calc.py": None, "tests/test_more.py": None}
    wrong["tests/test_new.py"] = "def test_x():\n    assert len('a') == 1\n"
    assert (await court.judge(wrong))["check:unit"].verdict is Verdict.FAILED


async def test_a_report_says_that_changed_tests_hold_in_their_base_form(court) -> None:
    await court.begin(PROJECT)
    reports = await court.judge(
        {"calc.py": CODE + "\n", "tests/test_calc.py": TEST.replace("(1, 2) == 3", "(2, 2) == 4")}
    )
    assert reports["check:unit"].verdict is Verdict.CLEAN
    assert "clean in their base form too: tests/test_calc.py" in reports["check:unit"].detail


def results(passed: str, skipped: str = "", failed: str = "") -> CaseResults:
    broken = {test: CaseFailure("", 0, "") for test in failed.split()}
    return CaseResults(frozenset(passed.split()), broken, frozenset(skipped.split()))


@pytest.mark.parametrize(
    ("base", "now", "lost"),
    [
        ("t.py::a t.py::b", results("t.py::a t.py::b t.py::c"), ""),
        ("t.py::a t.py::b", results("t.py::a"), "t.py::b"),
        ("t.py::a t.py::b", results("t.py::a", "t.py::b"), "t.py::b"),
        ("t.py::a t.py::b", results("t.py::a t.py::c", "t.py::b"), "t.py::b"),
        ("t.py::a t.py::b", results("t.py::a", failed="t.py::b"), ""),
        ("t.py::a t.py::b", results("t.py::a t.py::renamed"), ""),
        ("t.py::a t.py::b", results("u.py::a u.py::b"), ""),
        ("t.py::a t.py::b", results("u.py::x u.py::y"), "t.py::a t.py::b"),
        ("t.py::a[1] t.py::a[2]", results("t.py::a[7] t.py::a[8]"), ""),
        ("t.py::a[1] t.py::a[2]", results("t.py::a[1]"), "t.py::a[2]"),
        ("t.py::a u.py::b", results("u.py::b", "t.py"), "t.py::a"),
    ],
)
def test_which_tests_are_lost(base: str, now: CaseResults, lost: str) -> None:
    assert lost_tests(frozenset(base.split()), now) == frozenset(lost.split())


@pytest.mark.parametrize(
    ("output", "count"),
    [
        (b"....\n4 passed in 0.02s\n", 4),
        (b"==== 1 failed, 3 passed, 2 warnings in 0.02s ====\n", 3),
        (b"Ran 5 tests in 0.001s\n\nOK\n", 5),
        (b"Ran 5 tests in 0.001s\n\nOK (skipped=2, expected failures=1)\n", 2),
        (b"# tests 3\n# pass 2\n# fail 0\n", 2),
        (b"\xe2\x84\xb9 tests 3\n\xe2\x84\xb9 pass 3\n", 3),
        (b"Tests:       1 skipped, 7 passed, 8 total\n", 7),
        (b"  9 passing (12ms)\n", 9),
        (b"test result: ok. 3 passed; 0 failed\n\ntest result: ok. 1 passed; 0 failed\n", 4),
        (b"ok  \texample.com/a\t0.01s\nok  \texample.com/b\t(cached)\n", 2),
        (b"all is well\n", None),
    ],
)
def test_what_runners_say_has_passed(output: bytes, count: int | None) -> None:
    assert passed_count(output) == count


def test_exit_code_0_alone_is_not_enough() -> None:
    by_test = base_run([Run(exit_code=0, results=results("t.py::a t.py::b"))])
    assert judge_run(Run(exit_code=0), by_test).verdict is Verdict.FAILED
    assert judge_run(Run(exit_code=0, results=results("t.py::a", failed="t.py::b")), by_test).verdict is Verdict.FAILED
    lost = judge_run(Run(exit_code=0, results=results("t.py::a")), by_test)
    assert (lost.verdict, lost.lost) == (Verdict.FAILED, {"t.py::b"})
    by_count = base_run([Run(exit_code=0, passed_count=3)])
    verdicts = [judge_run(Run(exit_code=0, passed_count=count), by_count).verdict for count in (4, 3, 2, None)]
    assert verdicts == [Verdict.CLEAN, Verdict.CLEAN, Verdict.FAILED, Verdict.FAILED]
    once, twice = Run(exit_code=0, results=results("t.py::a")), Run(exit_code=0, results=results("t.py::a t.py::b"))
    assert judge_pair(once, twice, by_test).verdict is Verdict.FLAKY


RUST = b"pub fn a() -> u8 { 1 }\n\n#[cfg(test)]\nmod tests {\n  #[test]\n  fn t() { assert_eq!(super::a(), 1); }\n}\n"


def test_files_that_hold_both_get_the_bases_word_on_checks() -> None:
    softened = RUST.replace(b"u8 { 1 }", b"u8 { 2 }").replace(b"(), 1", b"(), 2")
    assert base_inline_tests(RUST, softened) == RUST.replace(b"u8 { 1 }", b"u8 { 2 }")
    assert base_inline_tests(RUST, b"pub fn a() -> u8 { 2 }\n") == RUST.replace(b"u8 { 1 }", b"u8 { 2 }")
    cargo = b"[package]\nname = 'a'\n[dependencies]\n"
    assert base_config("Cargo.toml", cargo, cargo + b"serde = '1'\n") == cargo + b"serde = '1'\n"
    assert base_config("Cargo.toml", cargo, cargo + b"[lib]\ntest = false\n") == cargo
    assert without_config("pyproject.toml", b"[project]\nname = 'a'\n") is not None
    assert without_config("pyproject.toml", b"[tool.pytest.ini_options]\n") is None
    assert without_config("setup.cfg", b"[metadata]\nname = a\n") is not None
    assert without_config("setup.cfg", b"[tool:pytest]\naddopts = -k x\n") is None
    assert without_config(".npmrc", b"script-shell=/bin/true\n") is None
    kept = json.loads(without_config("package.json", b'{"name": "a", "scripts": {"test": "exit 0"}}') or b"")
    assert kept == {"name": "a"}


def test_scripts_that_a_command_runs_are_judges_also_through_others(tmp_path) -> None:
    files = {
        "run_tests.sh": "make unit\n",
        "Makefile": "unit:\n\tsh ci/unit.sh\n",
        "ci/unit.sh": "true\n",
        "other.sh": "",
    }
    base = Base("t", frozenset(files), kept={path: text.encode() for path, text in files.items()})
    (tmp_path / "ci").mkdir()
    for path in files:
        (tmp_path / path).write_text("exit 0\n")
    check = Check("unit", "./run_tests.sh --all", Stage.MERGE, 60, is_declared=True, source="")
    form = base_form(check, base, str(tmp_path), list(files))
    assert set(form.put_back) == {"run_tests.sh", "Makefile", "ci/unit.sh"}
    assert form.runners == {"run_tests.sh", "ci/unit.sh"}
    assert set(plantable(str(tmp_path), list(files), form.runners)) == {"other.sh"}


def test_what_no_run_can_judge(tmp_path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/run.sh").write_text("")
    (tmp_path / "tests/run.sh").chmod(0o644)
    (tmp_path / "tests/test_b.py").symlink_to("test_a.py")
    (tmp_path / "core.py").write_text("")
    (tmp_path / "requirements.txt").write_text("pytest==9\nattrs\n")
    pins = {"requirements.txt": pins_of("requirements.txt", b"pytest==8\n")}
    refused = [
        "tests/run.sh",
        "tests/test_b.py",
        "core.cpython-311-x86_64-linux-gnu.so",
        "_pytest/runner.py",
        "x/sitecustomize.py",
        "a.pth",
        "__pycache__/core.cpython-311.pyc",
        ".venv/bin/python",
        "requirements.txt",
        "sgconfig.yml",
    ]
    paths = [*refused, "core.py", "app/tests/test_c.py", "coverage_report.py"]
    found = changed_judges(
        str(tmp_path), paths, frozenset({"tests/run.sh", "requirements.txt"}), frozenset({"tests/run.sh"}), pins
    )
    assert [finding.path for finding in found] == refused
    assert {finding.rule for finding in found} == {JUDGE_CHANGED}


@pytest.mark.parametrize(
    ("path", "line", "is_found"),
    [
        ("app.py", "if 'PYTEST_CURRENT_TEST' in os.environ:", True),
        ("app.py", 'IS_TEST = "pytest" in sys.modules', True),
        ("app.js", "if (process.env.JEST_WORKER_ID) {}", True),
        ("app.py", "unittest.TestCase.assertEqual = print", True),
        ("tests/conftest.py", "if 'PYTEST_CURRENT_TEST' in os.environ: pass", False),
        ("app.py", "import pytest_runner_names", False),
        ("app.py", "assert TestCase.maxDiff == 3", False),
    ],
)
def test_code_that_asks_for_its_judge(path: str, line: str, is_found: bool) -> None:
    assert bool(marks([Source(path, f"import os\n{line}\n".encode())])) is is_found


async def test_a_test_that_is_too_large_to_keep_needs_a_person(court) -> None:
    big = "# " + "x" * 5_000_000 + "\n"
    await court.begin(PROJECT | {"tests/data.txt": big})
    report = (await court.judge({"calc.py": CODE + "\n", "tests/data.txt": big + "y"}))["check:unit"]
    assert report.verdict is Verdict.FAILED
    assert [(finding.rule, finding.path) for finding in report.findings] == [(JUDGE_CHANGED, "tests/data.txt")]
