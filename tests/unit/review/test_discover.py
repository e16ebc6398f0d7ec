"""Which commands the manifests of a repository suggest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.domain.words import Stage
from orchestrator.review.discover import discover


def found(root: Path, files: dict[str, str]) -> list[tuple[str, str]]:
    for path, text in files.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return [(check.command, check.source) for check in discover(str(root))]


PYTEST = "python -m pytest -q"
TESTS = {"tests/test_a.py": ""}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"pyproject.toml": "[tool.pytest.ini_options]\n"}, [(PYTEST, "pyproject.toml")]),
        ({"pyproject.toml": ""} | TESTS, [(PYTEST, "pyproject.toml")]),
        ({"pyproject.toml": "not toml ["} | TESTS, [(PYTEST, "pyproject.toml")]),
        ({"pyproject.toml": ""}, []),
        ({"pytest.ini": ""}, [(PYTEST, "pytest.ini")]),
        ({"setup.cfg": "[tool:pytest]\n"}, [(PYTEST, "setup.cfg")]),
        (
            {"package.json": json.dumps({"scripts": {"test": "vitest", "lint": "x"}})},
            [("npm test --silent", "package.json")],
        ),
        ({"package.json": json.dumps({"scripts": {"test": 'echo "Error: no test specified" && exit 1'}})}, []),
        ({"package.json": json.dumps({"scripts": {"lint": "eslint"}})}, []),
        ({"package.json": "{"}, []),
        ({"package.json": "[]"}, []),
        ({"Cargo.toml": ""}, [("cargo test --quiet", "Cargo.toml")]),
        ({"go.mod": ""}, [("go test ./...", "go.mod")]),
        ({"Makefile": "test: build\n\tx\n"}, [("make test", "Makefile")]),
        ({"Makefile": "test := 1\nrun:\n"}, []),
        ({"Makefile": "test:\n", "go.mod": ""}, [("go test ./...", "go.mod")]),
        ({"pytest.ini": "", "go.mod": ""}, [(PYTEST, "pytest.ini"), ("go test ./...", "go.mod")]),
        ({}, []),
    ],
)
def test_what_is_found(tmp_path: Path, files: dict[str, str], expected: list[tuple[str, str]]) -> None:
    assert found(tmp_path, files) == expected


def test_a_found_check_is_not_declared(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("")
    (check,) = discover(str(tmp_path))
    assert (check.is_declared, check.when, check.timeout_s) == (False, Stage.MERGE, 600)
