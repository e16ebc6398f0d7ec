"""What a path is for a judge: a test, configuration of checks, or code in which an error can be planted."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from orchestrator import native

_TEST_FOLDERS = frozenset({
    "test", "tests", "__tests__", "__snapshots__", "testdata", "test_data", "test-data", "spec", "specs", "e2e",
    "fixtures", "__fixtures__", "golden", "goldens", "snapshots",
})  # fmt: skip
_TEST_NAME = re.compile(r"^(test_.+\.py|.+_test\.(py|go|rs)|tests?\.py|.+\.(test|spec)\.[cm]?[jt]sx?)$")
_CONFIG_NAME = re.compile(
    r"^(conftest\.py|\.?pytest\.(ini|toml)|tox\.ini|setup\.cfg|pyproject\.toml|package\.json|noxfile\.py|\.coveragerc"
    r"|\.pytest\.ini|(jest|vitest|vite|karma|playwright|cypress|ava|babel)\.(config|conf|setup)\.[cm]?[jt]s(on)?"
    r"|\.(mocharc|nycrc|c8rc|babelrc|swcrc)(\.\w+)?|\.npmrc|\.yarnrc(\.yml)?|tsconfig[\w.]*\.json|GNUmakefile|[Mm]akefile"
    r"|Cargo\.toml)$"
)
_RUNNER_NAME = re.compile(
    r"^(.+\.(sh|bash|mk|just|bats|ps1|cmd|bat)|[Jj]ustfile|Taskfile\.ya?ml|(run[-_]?)?(tests?|checks?|verify|ci|lint)(\.py|\.[cm]?js|))$"
)
_RUNNER_FOLDERS = frozenset({"bin", ".bin", "ci", ".ci"})
_PLANTABLE = frozenset(
    {"Bash", "C", "Cpp", "CSharp", "Go", "Java", "JavaScript", "Kotlin", "Lua", "Python", "Ruby", "Rust", "Scala"}
    | {"Swift", "Tsx", "TypeScript"}
)


def is_test(path: str) -> bool:
    """Whether a file belongs to the tests (their data and snapshots included)."""
    pure = PurePosixPath(path)
    return bool(_TEST_NAME.match(pure.name)) or any(part in _TEST_FOLDERS for part in pure.parts[:-1])


def is_check_config(path: str) -> bool:
    """Whether a file can change what a check runs, or how."""
    pure = PurePosixPath(path)
    return bool(_CONFIG_NAME.match(pure.name)) or (pure.parent.name == ".cargo" and pure.name.startswith("config"))


def is_runner(path: str) -> bool:
    """Whether a file is of a kind that runs checks when a command names it: a shell script, a `run_tests.py`."""
    pure = PurePosixPath(path)
    return bool(_RUNNER_NAME.match(pure.name)) or (not pure.suffix and pure.parent.name in _RUNNER_FOLDERS)


def has_inline_tests(path: str, content: bytes) -> bool:
    """Whether a file of code holds its own tests, as in Rust."""
    return path.endswith(".rs") and b"#[cfg(test)]" in content


def plantable_language(path: str) -> str | None:
    """The language of a code file that is no test and that `)(` on its first line breaks; None for other files."""
    if is_test(path) or is_check_config(path):
        return None
    language = native.language_of(path)
    return language if language in _PLANTABLE else None
