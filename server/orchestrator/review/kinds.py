"""What a path is for a judge: a test, configuration of checks, or code in which an error can be planted."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from orchestrator import native

_TEST_FOLDERS = frozenset({"test", "tests", "__tests__", "__snapshots__", "testdata", "spec", "e2e"})
_TEST_NAME = re.compile(r"^(test_.+\.py|.+_test\.(py|go|rs)|tests?\.py|.+\.(test|spec)\.[cm]?[jt]sx?)$")
_CONFIG_NAME = re.compile(
    r"^(conftest\.py|\.?pytest\.(ini|toml)|tox\.ini|setup\.cfg|pyproject\.toml|package\.json|noxfile\.py|\.coveragerc"
    r"|(jest|vitest|karma|playwright|cypress|ava)\.(config|conf)\.[cm]?[jt]s(on)?|\.mocharc\.\w+|GNUmakefile|[Mm]akefile)$"
)
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
    return bool(_CONFIG_NAME.match(PurePosixPath(path).name))


def plantable_language(path: str) -> str | None:
    """The language of a code file that is no test and that `)(` on its first line breaks; None for other files."""
    if is_test(path) or is_check_config(path):
        return None
    language = native.language_of(path)
    return language if language in _PLANTABLE else None
