"""Finding the commands that a repository's manifests suggest for judging it."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import cast

from orchestrator.domain.receipt import Check
from orchestrator.domain.words import Stage
from orchestrator.review.files import read_regular

TIMEOUT_S = 600.0
_NPM_PLACEHOLDER = "no test specified"
_MAKE_TEST = re.compile(r"^test\s*:(?!=)", re.MULTILINE)
_PYTEST_SECTION = re.compile(r"^\[(tool:)?pytest\]", re.MULTILINE)


def discover(root: str) -> tuple[Check, ...]:
    """Checks that the manifests in the root of a tree suggest; a Makefile counts only when nothing else was found."""
    found = [check for check in (_python(root), _node(root), _rust(root), _go(root)) if check is not None]
    if not found:
        found = [check for check in (_make(root),) if check is not None]
    return tuple(found)


def _check(name: str, command: str, source: str) -> Check:
    return Check(name, command, Stage.MERGE, TIMEOUT_S, is_declared=False, source=source)


def _text(root: str, path: str) -> str | None:
    content = read_regular(root, path)
    return None if content is None else content.decode("utf-8", "replace")


def _python(root: str) -> Check | None:
    project = _text(root, "pyproject.toml")
    source = ""
    if project is not None:
        try:
            tools = cast("dict[str, object]", tomllib.loads(project).get("tool", {}))
        except tomllib.TOMLDecodeError:
            tools = {}
        if "pytest" in tools or _has_tests(root):
            source = "pyproject.toml"
    for name in ("pytest.ini", "tox.ini", "setup.cfg"):
        text = _text(root, name)
        if not source and text is not None and (_PYTEST_SECTION.search(text) or name == "pytest.ini"):
            source = name
    for name in ("setup.py", "setup.cfg", "requirements.txt"):
        if not source and _text(root, name) is not None and _has_tests(root):
            source = name
    return _check("pytest", "python -m pytest -q", source) if source else None


def _has_tests(root: str) -> bool:
    """Whether there is a folder of Python tests."""
    for name in ("tests", "test"):
        folder = Path(root, name)
        if folder.is_dir() and not folder.is_symlink() and next(folder.rglob("*.py"), None) is not None:
            return True
    return False


def _node(root: str) -> Check | None:
    text = _text(root, "package.json")
    if text is None:
        return None
    try:
        scripts = json.loads(text)["scripts"]
        command = scripts["test"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(command, str) or not command.strip() or _NPM_PLACEHOLDER in command:
        return None
    return _check("npm-test", "npm test --silent", "package.json")


def _rust(root: str) -> Check | None:
    return _check("cargo-test", "cargo test --quiet", "Cargo.toml") if _text(root, "Cargo.toml") is not None else None


def _go(root: str) -> Check | None:
    return _check("go-test", "go test ./...", "go.mod") if _text(root, "go.mod") is not None else None


def _make(root: str) -> Check | None:
    for name in ("GNUmakefile", "makefile", "Makefile"):
        text = _text(root, name)
        if text is not None and _MAKE_TEST.search(text):
            return _check("make-test", "make test", name)
    return None
