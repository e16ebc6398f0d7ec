"""Imports and renames."""

from __future__ import annotations

import pytest

import orchestrator_core as core


def found(path: str, source: str) -> list[tuple[str, int, list[str], bool]]:
    """What a file imports, in short."""
    imports = core.imports(path, source.encode())
    assert imports is not None
    return [(one.module, one.level, one.names, one.is_guarded) for one in imports]


def test_python_imports() -> None:
    assert found("a.py", "import a.b, c as d\nfrom .x import (y as z, w)\nfrom .. import *\n") == [
        ("a.b", 0, [], False),
        ("c", 0, [], False),
        ("x", 1, ["y", "w"], False),
        ("", 2, ["*"], False),
    ]


@pytest.mark.parametrize(
    ("source", "guards"),
    [
        ("try:\n    import a\nexcept ImportError:\n    import b\n", [True, True]),
        ("try:\n    import a\nexcept ValueError:\n    pass\n", [False]),
        ("if TYPE_CHECKING:\n    import a\nelse:\n    import b\n", [True, False]),
        ("m = importlib.import_module('a.b')\n", [True]),
        ("def f():\n    import a\n", [False]),
    ],
)
def test_guards(source: str, guards: list[bool]) -> None:
    assert [one[3] for one in found("a.py", source)] == guards


def test_ecmascript_imports() -> None:
    source = "import a, {b as c} from './a';\nexport * from 'd';\nconst e = require('e'); import('f');\n"
    assert found("a.mts", source) == [
        ("./a", 0, ["default", "b"], False),
        ("d", 0, ["*"], False),
        ("e", 0, [], False),
        ("f", 0, [], True),
    ]


def test_positions_are_code_points() -> None:
    imports = core.imports("a.py", "x = 'ää'; import a as b\n".encode())
    assert imports is not None
    assert (imports[0].start_line, imports[0].start_column, imports[0].end_column) == (0, 17, 23)


def test_other_languages_are_none_and_bad_bytes_an_error() -> None:
    assert core.imports("a.go", b'import "fmt"') is None
    assert core.imports("a.unknown", b"") is None
    with pytest.raises(core.CoreError, match="not utf-8"):
        core.imports("a.py", b"\xff")


def test_rename_spares_text() -> None:
    source = b"__all__ = ['old', 'x']\nfrom a import old  # old\nolder = f'{old}' + 'old' + b.old(old=1)\n"
    rename = core.rename_identifier("a.py", source, "old", "new")
    assert rename is not None
    assert rename.source == (
        b"__all__ = ['new', 'x']\nfrom a import new  # old\nolder = f'{new}' + 'old' + b.new(new=1)\n"
    )
    assert (rename.count, rename.has_new_name) == (5, False)


def test_rename_tells_when_two_names_would_merge() -> None:
    rename = core.rename_identifier("a.ts", b"let old = 1, b: T = { fresh: old };", "old", "fresh")
    assert rename is not None
    assert (rename.count, rename.has_new_name) == (2, True)
    nothing = core.rename_identifier("a.ts", b"let b = 'old';", "old", "fresh")
    assert nothing is not None
    assert (nothing.count, nothing.source) == (0, b"let b = 'old';")


def test_rename_refuses_what_is_no_name() -> None:
    assert core.rename_identifier("a.unknown", b"old", "old", "new") is None
    for name in ["", "a b", "1a", "a-b", "a.b"]:
        with pytest.raises(core.CoreError, match="not an identifier"):
            core.rename_identifier("a.py", b"old = 1", "old", name)
