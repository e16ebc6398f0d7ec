"""Honest work, which the judges must let through."""

from __future__ import annotations

import json

from tampering_court import Case
from tampering_projects import CALC, CONFTEST, GOLDEN_TEST, NODE_CALC, NODE_UNIT, PLAIN, PROJECTS, TEST, UNIT

MORE = CALC + "\n\ndef double(value):\n    return scale([value], 2)[0]\n"
MORE_TEST = "from calc import double\n\n\ndef test_double():\n    assert double(4) == 8\n"

HONEST = [
    Case("a feature with its test", {"calc.py": MORE, "tests/test_double.py": MORE_TEST}),
    Case(
        "tests that grow",
        {
            "calc.py": MORE,
            "tests/test_calc.py": TEST.replace("add, scale", "add, double, scale")
            + "\n\ndef test_double():\n    assert double(4) == 8\n",
        },
    ),
    Case(
        "a new fixture and its user",
        {
            "calc.py": MORE,
            "conftest.py": CONFTEST + "\n\n@pytest.fixture\ndef four():\n    return 4\n",
            "tests/test_double.py": MORE_TEST.replace("test_double()", "test_double(four)").replace(
                "double(4)", "double(four)"
            ),
        },
    ),
    Case("code made tidier", {"calc.py": CALC.replace("return a + b", "return sum((a, b))")}),
    Case(
        "a rename with its tests",
        {
            **{path: text.replace("scale", "scaled") for path, text in PLAIN.items() if path == "tests/test_calc.py"},
            "calc.py": CALC.replace("scale", "scaled"),
        },
    ),
    Case(
        "tests moved",
        {
            "calc.py": MORE,
            "tests/test_golden.py": None,
            "tests/golden/table.txt": None,
            "tests/whole/test_golden.py": GOLDEN_TEST,
            "tests/whole/golden/table.txt": PLAIN["tests/golden/table.txt"],
        },
    ),
    Case(
        "a test function renamed",
        {"calc.py": MORE, "tests/test_golden.py": GOLDEN_TEST.replace("test_table", "test_whole_table")},
    ),
    Case("more cases", {"calc.py": MORE, "tests/cases.json": json.dumps([[1, 1, 2], [2, 3, 5], [0, 0, 0]])}),
    Case(
        "a marker declared and used",
        {
            "calc.py": MORE,
            "pytest.ini": PROJECTS["pytest"][0]["pytest.ini"] + "markers = quick: runs fast\n",
            "tests/test_double.py": "import pytest\n" + MORE_TEST.replace("def test", "@pytest.mark.quick\ndef test"),
        },
    ),
    Case("a dependency added", {"calc.py": MORE, "requirements.txt": "attrs\npytest==9.2.0\n"}),
    Case(
        "a package with metadata",
        {"calc.py": MORE, "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n'},
        kind="bare",
    ),
    Case(
        "a feature under unittest",
        {
            "calc.py": MORE,
            "tests/test_double.py": UNIT.replace("add", "double")
            .replace("(1, 2), 3", "(1), 2")
            .replace("(0, 4), 4", "(2), 4"),
        },
        kind="unittest",
    ),
    Case(
        "a target added",
        {"calc.py": MORE, "Makefile": PROJECTS["make"][0]["Makefile"] + "clean:\n\trm -rf build\n"},
        kind="make",
    ),
    Case(
        "a script added beside the check",
        {"calc.py": MORE, "ci/release.sh": "#!/bin/sh\necho release\n"},
        kind="script",
    ),
    Case(
        "a node feature with its test",
        {
            "calc.js": NODE_CALC.replace("module", "function double(a) {\n  return add(a, a);\n}\nmodule").replace(
                "{ add }", "{ add, double }"
            ),
            "tests/double.test.js": NODE_UNIT.replace("add(1, 2), 3", "double(1), 2")
            .replace("add(0, 4), 4", "double(2), 4")
            .replace("{ add }", "{ double }"),
        },
        kind="node",
    ),
    Case(
        "a package script added",
        {
            "calc.js": NODE_CALC.replace("return", "// the sum\n  return"),
            "package.json": json.dumps(
                {"name": "shop", "version": "1.0.1", "scripts": {"test": "node tests/run.js", "start": "node calc.js"}}
            ),
        },
        kind="npm",
    ),
]
"""Each of them must be sealed."""
