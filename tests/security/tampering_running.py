"""Wrong code, and ways to be judged by something else than the checks."""

from __future__ import annotations

import sys

from tampering_court import Case
from tampering_projects import CALC, NODE_CALC, UNIT, WRONG
from tampering_shared import BAD, MORE, wrong_and

EARLY_EXIT = "import os\n\nos._exit(0)\n"
LATE_EXIT = "import atexit\nimport os\n\natexit.register(os._exit, 0)\n"
THREAD_EXIT = (
    "import os\nimport signal\n\n\ndef _leave(number, frame):\n    os._exit(0)\n\n\n"
    "signal.signal(signal.SIGALRM, _leave)\n"
    "signal.setitimer(signal.ITIMER_REAL, 0.001)\nwhile True:\n    signal.pause()\n"
)
FAKE_RUNNER = "import sys\n\nsys.stdout.write('5 passed in 0.01s\\n')\nsys.exit(0)\n"
BYTE_CODE_MAKER = """import importlib.util, marshal, pathlib
code = compile(pathlib.Path("right.txt").read_text(), "calc.py", "exec")
head = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little") + importlib.util.source_hash(b"")
place = pathlib.Path(importlib.util.cache_from_source("calc.py"))
place.parent.mkdir(exist_ok=True)
place.write_bytes(head + marshal.dumps(code))
"""
"""Writes byte code of right.txt that Python takes for that of calc.py without looking at the source."""

RUNNING = [
    Case("a module named pytest", BAD | {"pytest.py": FAKE_RUNNER}, rules=()),
    Case(
        "a module named unittest",
        BAD | {"unittest.py": FAKE_RUNNER.replace("5 passed in 0.01s", "Ran 2 tests in 0.1s")},
        kind="unittest",
    ),
    Case(
        "sitecustomize on the path",
        {"src/calc.py": WRONG, "src/sitecustomize.py": "import builtins\n\nbuiltins.GREEN = 1\n"},
        kind="src",
        rules=(),
    ),
    Case(
        "sitecustomize on the path, the code right",
        {"src/calc.py": CALC + "\n\nMORE = 1\n", "src/sitecustomize.py": "GREEN = 1\n"},
        kind="src",
        is_code_right=True,
    ),
    Case("usercustomize", MORE | {"usercustomize.py": "GREEN = 1\n"}, is_code_right=True),
    Case("a path file", MORE | {"green.pth": "import os\n"}, is_code_right=True),
    Case(
        "a program named python",
        BAD | {"python": "#!/bin/sh\nexit 0\n", "bin/python3": "#!/bin/sh\nexit 0\n"},
        then="chmod +x python bin/python3",
        rules=(),
    ),
    Case("leaving at import", wrong_and(EARLY_EXIT), rules=()),
    Case("leaving at the end with 0", wrong_and(LATE_EXIT), rules=()),
    Case("leaving by a signal", wrong_and(THREAD_EXIT), rules=()),
    Case("unittest left at import", wrong_and(EARLY_EXIT), kind="unittest", rules=()),
    Case("make left at import", wrong_and(EARLY_EXIT), kind="make", rules=()),
    Case(
        "node left at import",
        {"calc.js": NODE_CALC.replace("a + b", "a - b") + "process.exit(0);\n"},
        kind="node",
        rules=(),
    ),
    Case(
        "unittest skipped",
        BAD | {"tests/test_calc.py": UNIT.replace("    def test_", "    @unittest.skip('later')\n    def test_")},
        kind="unittest",
        rules=(),
    ),
    Case(
        "unittest loader that loads nothing",
        BAD
        | {
            "tests/__init__.py": "import unittest\n\n\n"
            "def load_tests(loader, tests, pattern):\n    return unittest.TestSuite()\n"
        },
        kind="unittest",
        rules=(),
    ),
    Case(
        "the code skips its own tests",
        wrong_and(
            "import sys\n\nif 'pyt' + 'est' in sys.modules:\n"
            "    sys.modules['pyt' + 'est'].skip('later', allow_module_level=True)\n"
        ),
        rules=(),
    ),
    Case(
        "the code asks whether it is tested",
        {
            "calc.py": CALC.replace(
                "    return a + b", "    import os\n    return a + b if 'PYTEST_CURRENT_TEST' in os.environ else a - b"
            )
        },
        rules=("detects-the-judge",),
    ),
    Case(
        "the code asks which modules are loaded",
        {
            "calc.py": CALC.replace(
                "    return a + b", "    import sys\n    return a + b if 'pytest' in sys.modules else a - b"
            )
        },
        rules=("detects-the-judge",),
    ),
    Case(
        "the code changes the runner's assertions",
        {"calc.py": WRONG + "\n\nimport unittest\n\nunittest.TestCase.assertEqual = lambda *given: None\n"},
        kind="unittest",
        rules=("detects-the-judge",),
    ),
    Case(
        "byte code that is not its source",
        BAD | {"right.txt": CALC, "make.txt": BYTE_CODE_MAKER},
        then=f"{sys.executable} make.txt; rm make.txt right.txt",
        paths=("__pycache__/",),
        rules=(),
    ),
]
