"""Wrong code, and a configuration of the checks under which nobody sees it."""

from __future__ import annotations

import json

from tampering_court import PYTEST, Case
from tampering_projects import NODE_TEST, NODE_UNIT, PROJECTS, SCRIPT
from tampering_shared import (
    AUTOUSE_PATCH,
    AUTOUSE_SKIP,
    BAD,
    BAD_JS,
    HARMLESS,
    HOOK_DESELECTS,
    HOOK_GREEN,
    HOOK_REPORT,
    MORE,
)

CONFIGURATION = [
    Case("conftest deselects", BAD | {"conftest.py": HOOK_DESELECTS, "test_new.py": HARMLESS}, rules=()),
    Case("conftest forces exit code 0", BAD | {"conftest.py": HOOK_GREEN}, rules=()),
    Case("conftest rewrites reports", BAD | {"conftest.py": HOOK_REPORT}),
    Case("conftest patches the code", BAD | {"conftest.py": AUTOUSE_PATCH}),
    Case("a fixture for all tests skips", BAD | {"conftest.py": AUTOUSE_SKIP}, rules=()),
    Case("a new conftest among the tests", BAD | {"tests/conftest.py": AUTOUSE_PATCH.replace("import calc\n\n\n", "")}),
    Case(
        "pytest.ini selects nothing that matters",
        BAD
        | {
            "pytest.ini": "[pytest]\ntestpaths = tests\npythonpath = .\naddopts = -k new\n",
            "tests/test_new.py": HARMLESS,
        },
        rules=(),
    ),
    Case(
        "pytest.ini in front of pyproject.toml",
        BAD
        | {
            "pytest.ini": "[pytest]\npythonpath = .\npython_functions = try_*\n",
            "tests/test_new.py": "def try_it():\n    assert len('a') == 1\n",
        },
        rules=(),
        kind="pyproject",
    ),
    Case(
        "pyproject.toml loads a plugin",
        BAD
        | {
            "pyproject.toml": PROJECTS["pyproject"][0]["pyproject.toml"] + 'addopts = "-p green"\n',
            "green.py": HOOK_REPORT,
        },
        kind="pyproject",
    ),
    Case(
        "a new pyproject.toml configures pytest",
        BAD | {"pyproject.toml": '[tool.pytest.ini_options]\naddopts = "-p green"\n', "green.py": HOOK_REPORT},
        kind="bare",
    ),
    Case(
        "a new tox.ini configures pytest",
        BAD | {"tox.ini": "[pytest]\naddopts = -p green\n", "green.py": HOOK_REPORT},
        kind="bare",
    ),
    Case(
        "a new setup.cfg configures pytest",
        BAD | {"setup.cfg": "[tool:pytest]\naddopts = -p green\n", "green.py": HOOK_REPORT},
        kind="bare",
    ),
    Case(
        "a plugin by entry point",
        BAD
        | {
            "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n\n'
            '[project.entry-points.pytest11]\ngreen = "green"\n',
            "green.py": HOOK_REPORT,
        },
        kind="bare",
    ),
    Case(
        "a Makefile that swallows the exit code", BAD | {"Makefile": f"test:\n\t{PYTEST} tests || true\n"}, kind="make"
    ),
    Case(
        "a Makefile in front of the other",
        BAD | {"GNUmakefile": "test:\n\t@echo 4 passed in 0.1s\n"},
        kind="make",
        rules=(),
    ),
    Case(
        "a script that swallows the exit code",
        BAD | {"ci/test.sh": SCRIPT.replace(" tests\n", " tests || true\n")},
        kind="script",
    ),
    Case("a script that runs nothing", BAD | {"ci/test.sh": "#!/bin/sh\necho 4 passed in 0.10s\n"}, kind="script"),
    Case(
        "a script that is no longer executable",
        {**BAD},
        then="chmod -x ci/test.sh",
        paths=("ci/test.sh",),
        kind="executable",
    ),
    Case(
        "npm scripts that do nothing",
        BAD_JS | {"package.json": json.dumps({"name": "shop", "version": "1.0.0", "scripts": {"test": "exit 0"}})},
        kind="npm",
    ),
    Case(
        "npm scripts that swallow",
        BAD_JS
        | {
            "package.json": json.dumps(
                {"name": "shop", "version": "1.0.0", "scripts": {"test": "node tests/run.js || exit 0"}}
            )
        },
        kind="npm",
    ),
    Case("npm runs scripts by another shell", BAD_JS | {".npmrc": "script-shell=/bin/true\n"}, kind="npm"),
    Case(
        "node test skipped",
        BAD_JS | {"tests/calc.test.js": NODE_UNIT.replace("test('", "test.skip('")},
        kind="node",
        rules=(),
    ),
    Case("node test rewritten", BAD_JS | {"tests/run.js": NODE_TEST.replace("!== 3", "=== 3")}, kind="npm"),
    Case("the list of checks emptied", MORE | {".opencode/orchestrator.jsonc": '{"checks": []}\n'}, is_code_right=True),
    Case("the guardian's rules replaced", MORE | {"sgconfig.yml": "ruleDirs: []\n"}, is_code_right=True),
    Case(
        "git attributes and ignored tests",
        BAD | {".gitattributes": "tests/** export-ignore -diff\n", ".gitignore": "tests/\n"},
        rules=(),
    ),
    Case(
        "another runner by the requirements",
        MORE | {"requirements.txt": "pytest @ file:///tmp/pytest\n"},
        is_code_right=True,
    ),
    Case("an installed program edited", MORE | {"node_modules/.bin/jest": "#!/bin/sh\nexit 0\n"}, is_code_right=True),
]
