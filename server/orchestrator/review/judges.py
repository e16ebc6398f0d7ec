"""The judges gate: does a change touch what judges it, in ways that running the checks can't show."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from orchestrator.config.places import CONFIG_NAME
from orchestrator.domain.finding import Finding
from orchestrator.redaction import redact
from orchestrator.review.checks import JUDGE_CHANGED
from orchestrator.review.files import PathError, inside, read_regular
from orchestrator.review.guardian import CONFIG_NAMES
from orchestrator.review.kinds import is_check_config, is_runner, is_test, plantable_language
from orchestrator.review.sources import Source

GATE = "judges"
_RUNNERS = frozenset({
    "pytest", "_pytest", "pluggy", "unittest", "doctest", "coverage", "nose", "nose2", "tox", "nox", "xdist",
    "hypothesis", "behave", "sitecustomize", "usercustomize",
})  # fmt: skip
"""Modules that must not come from the tree unless they do on the base."""
_COMPILED = frozenset({".pyc", ".pyo", ".pth"})
_BINARY = frozenset({".so", ".pyd"})
_INSTALLED = frozenset({"node_modules", "site-packages", ".venv", "venv"})
_LOCKS = frozenset({
    "uv.lock", "poetry.lock", "pdm.lock", "Pipfile", "Pipfile.lock", "package-lock.json", "npm-shrinkwrap.json",
    "yarn.lock", "pnpm-lock.yaml", "package.json", "pyproject.toml", "setup.py", "setup.cfg",
})  # fmt: skip
_PIN = re.compile(
    rb"^[^\n]*(?<![\w-])(?:pytest|pluggy|jest|vitest|mocha|ava|tox|nox)(?![\w./-])[^\n]*$|^[^\n]*\bpytest11\b[^\n]*$",
    re.MULTILINE,
)
"""Lines of a manifest or lock file that say which runner is used, or that add a plugin to it."""
_DETECTS = re.compile(
    rb"[^\n]*(?:\b(?:PYTEST_(?:CURRENT_TEST|ADDOPTS|VERSION|XDIST\w*)|JEST_WORKER_ID|VITEST_\w+|NODE_TEST_CONTEXT)\b"
    rb"|[\"'](?:_?pytest|unittest)[\"'][ \t]+(?:not[ \t]+)?in[ \t]+sys\.modules"
    rb"|sys\.modules(?:\.get\(|\[)[\"'](?:_?pytest|unittest)"
    rb"|\b(?:import|from)[ \t]+_pytest\b|\bTestCase\.\w+[ \t]*=[^=])[^\n]*"
)
_TEXT_CHARACTERS = 200


def marks(sources: Iterable[Source]) -> list[Finding]:
    """Places in code, tests apart, that ask whether a judge is running or that change one."""
    found: list[Finding] = []
    for source in sources:
        if plantable_language(source.path) is None:
            continue
        for match in _DETECTS.finditer(source.content):
            line = source.content.count(b"\n", 0, match.start())
            text = redact(match.group().decode("utf-8", "replace").strip()).text[:_TEXT_CHARACTERS]
            message = (
                "This code asks whether a test is running, or changes the test runner: it would be judged by other code"
            )
            found.append(
                Finding(GATE, "detects-the-judge", source.path, message, start_line=line, end_line=line, text=text)
            )
    return found


def changed_judges(
    root: str,
    paths: Sequence[str],
    base_paths: frozenset[str],
    executable: frozenset[str],
    pins: dict[str, frozenset[bytes]],
) -> list[Finding]:
    """Changed paths that no run of a check can judge. `executable` are judges of the base with that mode bit."""
    found: list[Finding] = []
    for path in paths:
        reason = _reason(root, path, base_paths, executable, pins)
        if reason:
            message = f"{reason}; that needs a person's approval"
            found.append(Finding(GATE, JUDGE_CHANGED, path, message, text=path[:_TEXT_CHARACTERS]))
    return found


def pins_of(path: str, content: bytes) -> frozenset[bytes]:
    """The lines that say which test runner is used."""
    return frozenset(line.strip() for line in _PIN.findall(content)) if names_runner(path) else frozenset()


def names_runner(path: str) -> bool:
    """Whether a file can say which test runner is installed."""
    pure = PurePosixPath(path)
    return pure.name in _LOCKS or ("require" in str(pure) and pure.suffix in {".txt", ".in"})


def _reason(
    root: str, path: str, base_paths: frozenset[str], executable: frozenset[str], pins: dict[str, frozenset[bytes]]
) -> str:
    pure = PurePosixPath(path)
    if path == CONFIG_NAME:
        return "this file says which checks judge a mission"
    if path in CONFIG_NAMES:
        return "this file says which rules judge a mission"
    if pure.suffix in _COMPILED:
        return "this file runs code that nobody sees when Python starts or imports"
    if _INSTALLED.intersection(pure.parts[:-1]):
        return "this file belongs to an installed program"
    if pure.suffix in _BINARY and Path(root, pure.parent, f"{pure.name.split('.')[0]}.py").exists():
        return "this file would be imported instead of the source beside it"
    if path not in base_paths and (shadowed := _shadowed(root, pure)):
        return f"this file would be imported instead of {shadowed}"
    is_judge = is_test(path) or is_check_config(path) or is_runner(path)
    if is_judge and (reason := _mode_reason(root, path, base_paths, executable)):
        return reason
    if names_runner(path):
        now = pins_of(path, read_regular(root, path) or b"")
        if path in base_paths and now != pins.get(path, frozenset()):
            return "this changes which test runner is used, or its plugins"
        if any(b"pytest11" in line for line in now - pins.get(path, frozenset())):
            return "this adds a plugin to the test runner"
    return ""


def _shadowed(root: str, path: PurePosixPath) -> str:
    """The runner's module that a new file hides; "" for none."""
    if path.suffix != ".py":
        return ""
    packages = [part for part in path.parts[:-1] if part in _RUNNERS]
    if packages:
        return packages[0]
    if path.stem not in _RUNNERS or Path(root, path.parent, "__init__.py").exists():
        return ""
    return path.stem


def _mode_reason(root: str, path: str, base_paths: frozenset[str], executable: frozenset[str]) -> str:
    """Why the kind or mode of a judge is not what it was; "" when it is."""
    try:
        mode = inside(root, path).lstat().st_mode
    except (PathError, OSError):
        return ""
    if stat.S_ISLNK(mode):
        return "this test or configuration is a symbolic link now"
    was_executable = path in executable
    if path in base_paths and was_executable != bool(mode & 0o100):
        return f"this test or configuration is {'no longer' if was_executable else 'now'} executable"
    return ""
