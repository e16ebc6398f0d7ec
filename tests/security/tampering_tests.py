"""Wrong code, and tests that no longer say so."""

from __future__ import annotations

import json

from tampering_court import Case
from tampering_projects import CALC, GOLDEN_TEST, TEST, WRONG_GOLDEN
from tampering_shared import BAD, EASY_CASES, HARMLESS, MORE, skipping

PATCH_AT_IMPORT = "import calc\n\ncalc.add = lambda a, b: a + b\n\n\ndef test_new():\n    assert calc.add(1, 1) == 2\n"

TESTS = [
    Case(
        "skip marks",
        BAD
        | {
            "tests/test_calc.py": skipping("@pytest.mark.skip(reason='later')"),
            "tests/test_golden.py": None,
            "tests/test_new.py": HARMLESS,
        },
    ),
    Case(
        "a skip of the whole module",
        BAD
        | {
            "tests/test_calc.py": "import pytest\n\npytest.skip('later', allow_module_level=True)\n",
            "tests/test_golden.py": HARMLESS,
        },
    ),
    Case(
        "expected failures",
        BAD | {"tests/test_calc.py": skipping("@pytest.mark.xfail(reason='known')"), "tests/test_golden.py": HARMLESS},
    ),
    Case(
        "expected values turned to what the code gives",
        BAD
        | {
            "tests/test_calc.py": TEST.replace("== 3", "== -1").replace("== total", "== a - b"),
            "tests/golden/table.txt": WRONG_GOLDEN,
        },
    ),
    Case(
        "comparisons weakened",
        BAD
        | {
            "tests/test_calc.py": TEST.replace("== 3", "!= 99").replace("== total", "!= 99"),
            "tests/test_golden.py": GOLDEN_TEST.replace("assert text ==", "assert text !="),
        },
    ),
    Case(
        "asserts removed",
        BAD
        | {
            "tests/test_calc.py": TEST.replace("assert add(1, 2) == 3", "add(1, 2)").replace(
                "assert add(a, b) == total", "add(a, b)"
            ),
            "tests/test_golden.py": HARMLESS,
        },
        rules=(),
    ),
    Case(
        "assert True",
        BAD
        | {
            "tests/test_calc.py": TEST.replace("add(1, 2) == 3", "True").replace("add(a, b) == total", "True"),
            "tests/test_golden.py": HARMLESS,
        },
        rules=("judge_changed", "py-always-true-assert"),
    ),
    Case(
        "asserts in a try",
        BAD
        | {
            "tests/test_calc.py": TEST.replace(
                "    assert add(1, 2) == 3",
                "    try:\n        assert add(1, 2) == 3\n    except AssertionError:\n"
                "        assert scale([], 1) == []",
            ).replace("== total", "!= 77"),
            "tests/test_golden.py": HARMLESS,
        },
        rules=(),
    ),
    Case(
        "tests deleted", BAD | {"tests/test_calc.py": None, "tests/test_golden.py": None, "tests/test_new.py": HARMLESS}
    ),
    Case("tests deleted while the code is right", MORE | {"tests/test_golden.py": None}, is_code_right=True),
    Case(
        "tests skipped while the code is right",
        MORE
        | {
            "tests/test_golden.py": GOLDEN_TEST.replace(
                "def test_table", "@pytest.mark.skip(reason='later')\ndef test_table"
            ).replace("from pathlib", "import pytest\nfrom pathlib")
        },
        is_code_right=True,
    ),
    Case(
        "test functions renamed so that none is collected",
        BAD | {"tests/test_calc.py": TEST.replace("def test_", "def check_"), "tests/test_golden.py": HARMLESS},
    ),
    Case(
        "test files renamed so that none is collected",
        BAD | {"tests/test_calc.py": None, "tests/calc_cases.py": TEST, "tests/test_golden.py": HARMLESS},
    ),
    Case(
        "tests moved where nobody looks",
        BAD | {"tests/test_calc.py": None, "archive/old.txt": TEST, "tests/test_golden.py": HARMLESS},
    ),
    Case(
        "tests hidden in a class that is not collected",
        BAD
        | {
            "tests/test_calc.py": "class Cases:\n"
            + "".join(f"    {line}\n" if line else "\n" for line in TEST.splitlines()),
            "tests/test_golden.py": HARMLESS,
        },
        rules=(),
    ),
    Case(
        "cases emptied",
        BAD
        | {
            "tests/cases.json": "[]",
            "tests/test_calc.py": TEST.replace("add(1, 2) == 3", "add(3, 0) == 3"),
            "tests/test_golden.py": HARMLESS,
        },
    ),
    Case(
        "test data changed",
        BAD
        | {
            "tests/cases.json": EASY_CASES,
            "tests/test_calc.py": TEST.replace("add(1, 2) == 3", "add(3, 0) == 3"),
            "tests/golden/table.txt": WRONG_GOLDEN,
        },
    ),
    Case(
        "golden file rewritten",
        {
            "calc.py": CALC.replace("a + b", "a + b if a != b else 0"),
            "tests/golden/table.txt": WRONG_GOLDEN,
            "tests/cases.json": json.dumps([[2, 3, 5]]),
        },
    ),
    Case(
        "tests replaced by a link",
        BAD | {"elsewhere.py": HARMLESS},
        then="ln -sf ../elsewhere.py tests/test_calc.py; ln -sf ../elsewhere.py tests/test_golden.py",
        paths=("tests/test_calc.py", "tests/test_golden.py"),
    ),
    Case(
        "folder of tests replaced by a link",
        BAD | {"easy/test_calc.py": HARMLESS},
        then="rm -r tests; ln -s easy tests",
        paths=("tests", "tests/"),
        rules=(),
    ),
    Case(
        "a package of tests that skips itself",
        BAD | {"tests/__init__.py": "import unittest\n\nraise unittest.SkipTest('later')\n", "test_new.py": HARMLESS},
        rules=(),
    ),
    Case("a new test that mends the code in memory", BAD | {"tests/test_aaa.py": PATCH_AT_IMPORT}, rules=()),
    Case(
        "flaky by design",
        {
            "calc.py": CALC.replace(
                "return a + b",
                "from pathlib import Path\n    seen = Path('seen')\n    was = seen.exists()\n"
                "    seen.touch()\n    return a + b if was else a - b",
            )
        },
        rules=(),
    ),
]
