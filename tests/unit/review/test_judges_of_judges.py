"""A check must notice broken code, and a change must not weaken its own judge."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest

from orchestrator.config.places import CONFIG_NAME
from orchestrator.domain.receipt import Check
from orchestrator.domain.words import Sensitivity, Stage, Verdict
from orchestrator.review.base import Base, defined_names
from orchestrator.review.files import PathError, replaced
from orchestrator.review.freeze import base_form

pytestmark = pytest.mark.anyio

CODE = "def add(a, b):\n    return a + b\n"
WRONG = "def add(a, b):\n    return a - b\n"
TEST = "from calc import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n"
PYTEST = "python -m pytest -q -p no:cacheprovider"


def project(command: str = PYTEST) -> dict[str, str]:
    checks = json.dumps({"checks": [{"name": "unit", "command": command}]})
    return {"calc.py": CODE, "tests/test_calc.py": TEST, "conftest.py": "", CONFIG_NAME: checks}


@pytest.mark.parametrize(
    ("command", "sensitivity"),
    [
        (PYTEST, Sensitivity.SENSITIVE),
        ('python -c "import calc"', Sensitivity.SENSITIVE),
        ("true", Sensitivity.NOT_SENSITIVE),
        ("python -c pass", Sensitivity.NOT_SENSITIVE),
    ],
)
async def test_whether_a_check_notices(court, command: str, sensitivity: Sensitivity) -> None:
    await court.begin(project(command))
    report = (await court.judge({"calc.py": "#!/usr/bin/env python\n" + CODE}, Stage.SEAL))["check:unit"]
    assert report.verdict is Verdict.CLEAN
    assert [receipt.sensitivity for receipt in report.receipts] == [sensitivity]
    assert ("stayed green" in report.detail) == (sensitivity is Sensitivity.NOT_SENSITIVE)


async def test_code_that_the_check_never_loads_is_not_covered_by_it(court) -> None:
    await court.begin(project())
    report = (await court.judge({"other.py": "X = 1\n"}, Stage.SEAL))["check:unit"]
    assert report.receipts[0].sensitivity is Sensitivity.NOT_SENSITIVE


async def test_a_change_of_tests_alone_is_probed_in_the_code_of_their_language(court) -> None:
    await court.begin(project())
    more = TEST + "\n\ndef test_more():\n    assert add(2, 2) == 4\n"
    report = (await court.judge({"tests/test_calc.py": more}, Stage.SEAL))["check:unit"]
    assert report.receipts[0].sensitivity is Sensitivity.SENSITIVE


async def test_nothing_to_plant_in_is_not_probed(court) -> None:
    await court.begin({"notes.txt": "a\n"} | {CONFIG_NAME: project("true")[CONFIG_NAME]})
    report = (await court.judge({"notes.txt": "b\n"}, Stage.SEAL))["check:unit"]
    assert report.receipts[0].sensitivity is Sensitivity.NOT_PROBED
    assert "no code file" in report.detail


async def test_a_probe_is_remembered_for_the_tree(court) -> None:
    count = court.places.state / "home" / "count"
    await court.begin(project(f"echo x >> {count}; python -c 'import calc'"))
    root = court.change({"calc.py": CODE + "\n"})
    for _ in range(2):
        report = (await court.judge_tree(root, ["calc.py"], Stage.SEAL))["check:unit"]
        assert report.receipts[0].sensitivity is Sensitivity.SENSITIVE
    assert count.read_text().count("x") == 1 + 2 + 1


async def test_cancelling_a_probe_puts_every_byte_back(court) -> None:
    await court.begin(project("grep -q '^)(' calc.py && sleep 30; true"))
    root = court.change({"calc.py": CODE + "\n"})
    (root / "calc.py").chmod(0o755)
    with anyio.move_on_after(3) as scope:
        await court.room.judge(Stage.SEAL, court.worktree(root), ["calc.py"])
    assert scope.cancelled_caught
    assert (root / "calc.py").read_text() == CODE + "\n"
    assert (root / "calc.py").stat().st_mode & 0o777 == 0o755
    assert not [entry for entry in root.iterdir() if entry.name.startswith(".orchestrator-")]


WEAKENINGS = {
    "edited": {"calc.py": WRONG, "tests/test_calc.py": TEST.replace("== 3", "== -1")},
    "deleted": {
        "calc.py": WRONG,
        "tests/test_calc.py": None,
        "tests/test_new.py": "def test_x():\n    assert 1 + 1 == 2\n",
    },
    "skipped": {
        "calc.py": WRONG,
        "tests/test_calc.py": "import pytest\npytest.skip('x', allow_module_level=True)\n",
        "test_new.py": "def test_x():\n    assert 1 + 1 == 2\n",
    },
    "ignored": {
        "calc.py": WRONG,
        "conftest.py": "collect_ignore = ['tests/test_calc.py']\n",
        "test_new.py": "def test_x():\n    assert 1 + 1 == 2\n",
    },
    "configured away": {
        "calc.py": WRONG,
        "pytest.ini": "[pytest]\naddopts = --deselect tests/test_calc.py::test_add\n",
        "test_new.py": "def test_x():\n    assert 1 + 1 == 2\n",
    },
}


@pytest.mark.parametrize("way", WEAKENINGS)
async def test_a_weakened_test_is_caught_by_its_base_form(court, way: str) -> None:
    await court.begin(project())
    report = (await court.judge(WEAKENINGS[way]))["check:unit"]
    assert report.verdict is Verdict.FAILED
    assert {finding.rule for finding in report.findings} == {"judge_changed"}
    assert "tests/test_calc.py::test_add" in report.findings[0].message
    assert {receipt.verdict for receipt in report.receipts} == {Verdict.FAILED}


async def test_tests_that_grow_or_move_or_change_their_looks_are_no_weakening(court) -> None:
    await court.begin(project())
    grown = TEST + "\n\ndef test_more(two):\n    assert add(two, 2) == 4\n"
    fixture = "import pytest\n\n\n@pytest.fixture\ndef two():\n    return 2\n"
    reports = await court.judge({"tests/test_calc.py": grown, "conftest.py": fixture})
    assert reports["check:unit"].verdict is Verdict.CLEAN
    moved = await court.judge({"tests/test_calc.py": None, "tests/unit/test_calc.py": TEST})
    assert moved["check:unit"].verdict is Verdict.CLEAN


async def test_tests_that_follow_a_rename_in_the_code_are_no_weakening(court) -> None:
    await court.begin(project())
    renamed = {"calc.py": CODE.replace("add", "total"), "tests/test_calc.py": TEST.replace("add(", "total(")}
    renamed["tests/test_calc.py"] = renamed["tests/test_calc.py"].replace("import add", "import total")
    renamed["tests/test_calc.py"] = renamed["tests/test_calc.py"].replace("test_total", "test_add")
    report = (await court.judge(renamed))["check:unit"]
    assert report.verdict is Verdict.CLEAN, report


@pytest.mark.parametrize(
    ("code", "test", "new_code", "new_test"),
    [
        # Each change is consistent word by word in code and test, and yet no rename.
        ("def f(s):\n    return s.upper()\n", "'a'.upper()", "def f(s):\n    return s.lower()\n", "'a'.lower()"),
        ("def f(s):\n    return s == 'a' is True\n", "True", "def f(s):\n    return s == 'b' is not False\n", "False"),
    ],
)
async def test_another_behaviour_is_not_taken_for_a_rename(
    tmp_path: Path, code: str, test: str, new_code: str, new_test: str
) -> None:
    base = Base("t", frozenset({"calc.py", "tests/test_calc.py"}), defined=defined_names(code.encode()))
    base.kept["tests/test_calc.py"] = f"assert f('a') == {test}\n".encode()
    (tmp_path / "tests").mkdir()
    (tmp_path / "calc.py").write_text(new_code)
    (tmp_path / "tests/test_calc.py").write_text(f"assert f('a') == {new_test}\n")
    check = Check("unit", PYTEST, Stage.MERGE, 60, is_declared=True, source="")
    form = base_form(check, base, str(tmp_path), ["calc.py", "tests/test_calc.py"])
    assert list(form.put_back) == ["tests/test_calc.py"]


def test_which_names_a_text_defines() -> None:
    text = b"def a(b, c=1):\n    d = b.e\n    if d == f: g()\nclass H:\n    i: int = 3\n"
    text += b"  async j(k) {\nconst l = () => m\n"
    assert defined_names(text) == {"a", "c", "d", "H", "i", "j", "l"}


async def test_a_command_that_is_not_pytest_is_judged_by_its_end(court) -> None:
    await court.begin(
        project("python tests/test_calc.py") | {"tests/test_calc.py": "assert open('v').read() == '1'\n", "v": "1"}
    )
    report = (await court.judge({"v": "2", "tests/test_calc.py": "X = 1\n"}))["check:unit"]
    assert (report.verdict, report.findings[0].rule) == (Verdict.FAILED, "judge_changed")


async def test_scripts_of_a_package_file_are_the_bases(court) -> None:
    base = json.dumps({"scripts": {"test": "node tests/run.js"}})
    files = {
        "package.json": base,
        "sum.js": "module.exports = 3;\n",
        "tests/run.js": "process.exit(require('../sum') - 3);\n",
    }
    choice, _ = await court.begin(files)
    assert [check.command for check in choice.checks] == ["npm test --silent"]
    softened = json.dumps({"scripts": {"test": "true"}, "description": "kept"})
    report = (await court.judge({"package.json": softened, "sum.js": "module.exports = 4;\n"}))["check:npm-test"]
    assert (report.verdict, report.findings[0].rule) == (Verdict.FAILED, "judge_changed")


async def test_nothing_is_put_behind_a_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.py").write_text("a")
    (root / "tests").symlink_to(outside)
    for path in ("tests/test_a.py", "../outside/x", "/etc/x"):
        with pytest.raises(PathError):
            async with replaced(str(root), {"a.py": b"b", path: b"x"}):
                pass
    assert list(outside.iterdir()) == []
    assert (root / "a.py").read_text() == "a"


async def test_replacing_makes_and_removes_folders(tmp_path: Path) -> None:
    (tmp_path / "gone").write_text("x")
    async with replaced(str(tmp_path), {"new/deep/a.py": b"b", "gone": None}):
        assert (tmp_path / "new/deep/a.py").read_bytes() == b"b"
        assert not (tmp_path / "gone").exists()
    assert not (tmp_path / "new").exists()
    assert (tmp_path / "gone").read_text() == "x"
