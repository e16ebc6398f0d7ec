"""Plain words become missions, or honestly none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.hosts.builtin_missions import FixMission, RenameMission, ReplaceMission, read_mission


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("fix all style findings", ""),
        ("Fix all style findings.", ""),
        ("FIX THE STYLE FINDINGS!", ""),
        ("fix findings", ""),
        ("please fix every lint issue", ""),
        ("Can you fix all of the linter warnings", ""),
        ("clean up lint", ""),
        ("fix style findings in src/app", "src/app"),
        ("fix style findings in `src/my app.py`", "src/my app.py"),
        ("fix all style findings under ./src/", "src"),
        ("fix all style findings in the folder src", "src"),
        ("fix all style findings in the project", ""),
        ("fix all style findings in src.", "src"),
    ],
)
def test_fixing(text: str, path: str) -> None:
    assert read_mission(text) == FixMission(path)


@pytest.mark.parametrize(
    ("text", "mission"),
    [
        ("replace `foo($A)` with `bar($A)` in python", ReplaceMission("foo($A)", "bar($A)", "python")),
        ("Replace foo($A) by bar($A) in Python", ReplaceMission("foo($A)", "bar($A)", "python")),
        ('replace all "a in b" with "b.has(a)" in ts', ReplaceMission("a in b", "b.has(a)", "typescript")),
        ("rewrite 'x == None' to 'x is None' in py files", ReplaceMission("x == None", "x is None", "python")),
        (
            "replace `foo()` with `bar()` in typescript under src/web",
            ReplaceMission("foo()", "bar()", "typescript", "src/web"),
        ),
        ("replace `a with b` with `c in d` in go code in cmd", ReplaceMission("a with b", "c in d", "go", "cmd")),
    ],
)
def test_replacing(text: str, mission: ReplaceMission) -> None:
    assert read_mission(text) == mission


@pytest.mark.parametrize(
    ("text", "mission"),
    [
        ("rename `old_name` to `new_name`", RenameMission("old_name", "new_name")),
        ("Rename old_name to new_name.", RenameMission("old_name", "new_name")),
        ("rename the function 'f' to 'g' in src/a.py", RenameMission("f", "g", "src/a.py")),
        ("rename class A to B everywhere", RenameMission("A", "B")),
        ("rename `1x` to `y`", RenameMission("1x", "y")),
    ],
)
def test_renaming(text: str, mission: RenameMission) -> None:
    assert read_mission(text) == mission


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Build a REST API with authentication",
        "fix the login bug",
        "fix all style findings and then deploy",
        "replace the database with postgres",
        "rename",
        "do not fix all style findings",
        "fix all failing tests",
        "rename a to b " + "x" * 4_000,
        "replace x" + " with y in" * 390 + " !!",
    ],
)
def test_everything_else_is_not_understood(text: str) -> None:
    assert read_mission(text) is None


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    read_mission(text)
    read_mission(f"rename {text} to {text}")
    read_mission(f"replace {text} with {text} in python")
