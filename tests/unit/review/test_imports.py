"""What the imports gate takes for real and what for invented: Python, JavaScript, TypeScript, real packages."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from orchestrator.review.imports import ImportJudge, Missing
from orchestrator.review.sources import Source, all_paths, read_sources

SITE = Path(pytest.__file__).parent.parent
NOWHERE = {"PATH": "/nonexistent"}
HERE = {"PATH": str(Path(sys.executable).parent)}


def missing(root: Path, files: dict[str, str], path: str, code: str) -> list[str]:
    return [gap.key for gap in gaps(root, files, path, code)]


def gaps(root: Path, files: dict[str, str], path: str, code: str) -> list[Missing]:
    for name, text in files.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    judge = ImportJudge(str(root), all_paths(str(root)), str(root), NOWHERE)
    return judge.missing([Source(path, code.encode())])[0]


PYTHON = {
    "pyproject.toml": '[project]\nname = "shop"\ndependencies = ["PyYAML>=6", "Pillow", "python-dateutil", "Foo.Bar"]\n'
    '[dependency-groups]\ndev = ["pytest"]\n[tool.poetry.group.x.dependencies]\nrequests = "*"\n',
    "requirements-dev.txt": "scikit-learn==1 # ml\n-r other.txt\n",
    "src/shop/__init__.py": "from shop.models import Order\n",
    "src/shop/models.py": "import os\nclass Order: pass\nif os.name:\n    A = 1\nelse:\n    B, (C, *D) = 1, (2, 3)\n",
    "src/shop/dynamic.py": "def __getattr__(name):\n    return name\n",
    "src/shop/starred.py": "from os.path import *\n",
    "src/shop/sub/thing.py": "X = 1\n",
    "scripts/helper_tool.py": "Y = 1\n",
}


@pytest.mark.parametrize(
    "code",
    [
        "import os, sys, json.decoder, tomllib, compression",
        "import yaml, PIL.Image, dateutil.parser, sklearn, foo_bar, pytest, requests.adapters",
        "import shop.models\nfrom shop import models, Order, sub\nfrom shop.sub import thing\nimport shop.sub.thing",
        "from shop.models import Order, A, B, C, D, os, __name__",
        "from .models import Order\nfrom . import models\nfrom .sub.thing import X",
        "from shop.dynamic import anything\nfrom shop.starred import join",
        "from helper_tool import Y",
        "try:\n    import nowhere_to_be_found\nexcept ImportError:\n    pass",
        "import sys\nif sys.version_info < (3, 11):\n    import nowhere_to_be_found",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from nowhere_to_be_found import X",
    ],
)
def test_real_python_imports(tmp_path: Path, code: str) -> None:
    assert missing(tmp_path, PYTHON, "src/shop/new.py", code) == []


@pytest.mark.parametrize(
    ("code", "key"),
    [
        ("import flask_superauth", "module flask_superauth"),
        ("import requests_magic", "module requests_magic"),
        ("import shop.orders", "module shop.orders"),
        ("from .orders import x", "file src/shop/orders"),
        ("def f():\n    import flask_superauth", "module flask_superauth"),
    ],
)
def test_invented_python_imports(tmp_path: Path, code: str, key: str) -> None:
    assert missing(tmp_path, PYTHON, "src/shop/new.py", code) == [key]


@pytest.mark.parametrize(
    ("path", "code", "severity"),
    [
        ("src/shop/new.py", "import flask_superauth", "error"),
        ("src/shop/new.py", "def f():\n    import shop.orders", "error"),
        ("src/shop/new.py", "def f():\n    import flask_superauth", "info"),
        ("src/shop/_vendor/new.py", "import flask_superauth", "info"),
        ("src/shop/new.pyi", "import flask_superauth", None),
    ],
)
def test_what_the_program_can_do_without_only_informs(
    tmp_path: Path, path: str, code: str, severity: str | None
) -> None:
    assert [gap.finding.severity for gap in gaps(tmp_path, PYTHON, path, code)] == ([severity] if severity else [])


NODE = {
    "package.json": '{"name": "web", "dependencies": {"react": "1", "@scope/kit": "1"}, '
    '"imports": {"#db/*": "./db/*"}, "devDependencies": {"@types/lodash": "1"}}',
    "tsconfig.json": '{ // aliases\n "compilerOptions": {"baseUrl": ".", "paths": {"@/*": ["src/*"],}}}',
    "src/view.tsx": "",
    "src/lib/index.ts": "",
    "src/data.json": "{}",
    "src/logo.svg": "",
    "src/only.test.ts": "",
    "packages/core/package.json": '{"name": "@web/core"}',
    "node_modules/installed/package.json": "{}",
    ".gitignore": "node_modules\n",
}


@pytest.mark.parametrize(
    "specifier",
    [
        "./view",
        "./view.js",
        "./view.jsx",
        "./lib",
        "./lib/index.js",
        "./data.json",
        "./logo.svg?raw",
        "../package.json",
        "fs",
        "node:fs",
        "fs/promises",
        "react",
        "react/jsx-runtime",
        "@scope/kit/deep",
        "lodash",
        "#db/x",
        "@/view",
        "@web/core",
        "web/sub",
        "installed",
        "src/view",
        "https://example.invalid/x.js",
    ],
)
def test_real_script_imports(tmp_path: Path, specifier: str) -> None:
    assert missing(tmp_path, NODE, "src/new.ts", f'import x from "{specifier}";\n') == []


@pytest.mark.parametrize(
    ("specifier", "key"),
    [
        ("./missing", "file src/missing"),
        ("./only", "file src/only"),
        ("../lib/gone.js", "file lib/gone.js"),
        ("react-magic-auth", "package react-magic-auth"),
        ("@scope/other", "package @scope/other"),
        ("node:magic", "package node:magic"),
        ("#nothing", "package #nothing"),
    ],
)
def test_invented_script_imports(tmp_path: Path, specifier: str, key: str) -> None:
    assert missing(tmp_path, NODE, "src/new.ts", f'import x from "{specifier}";\n') == [key]


OPTIONAL = {"numpy", "twisted.python.failure", "twisted.trial.itrial", "zope.interface"}
"""Imported inside functions by pytest's integrations, not installed here and declared nowhere in the copy."""


@pytest.mark.parametrize("packages", [("pytest", "_pytest"), ("anyio",), ("pydantic",), ("rich",), ("pygls",)])
def test_real_packages_raise_no_false_alarm(tmp_path: Path, packages: tuple[str, ...]) -> None:
    for package in packages:
        shutil.copytree(SITE / package, tmp_path / package)
    paths = all_paths(str(tmp_path))
    judge = ImportJudge(str(tmp_path), paths, str(tmp_path), HERE)
    found, looked = judge.missing(read_sources(str(tmp_path), paths))
    assert looked.checked_count > 5
    assert {gap.key for gap in found} <= {f"module {name}" for name in OPTIONAL}
