"""What makes a plan valid, and how write sets relate."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orchestrator.domain.plan import MAX_TASKS, TaskSpec, covers, outside, overlaps, path_problem, validate

Make = Any


def codes(*tasks: TaskSpec, checks: tuple[str, ...] = ("tests",)) -> list[str]:
    return [problem.code for problem in validate(tasks, checks)]


def test_a_good_plan_has_no_problem(make: Make) -> None:
    one = replace(make.task("a", "src/", ".opencode/agents/x.md", "a b/ü.py", ".github/x"), checks=("tests",))
    assert codes(one, make.task("b.fix_1-x", after=("a",)), make.task("0")) == []


def test_problems_are_all_told(make: Make) -> None:
    bad = replace(make.task("A b", "/etc/passwd", after=("ghost",)), title=" ", checks=("nope",))
    assert codes(bad) == ["bad_id", "no_title", "bad_path", "unknown_dependency", "unknown_check"]
    (problem,) = validate([replace(make.task("a"), checks=("nope",))], ("x", "tests"))
    assert problem.describe() == "task a: check 'nope' does not exist (known checks: tests, x)"


@pytest.mark.parametrize("task_id", ["", "A", "-a", ".a", "a/b", "a b", "ä", "a\n", "a" * 65])
def test_bad_ids(make: Make, task_id: str) -> None:
    assert "bad_id" in codes(replace(make.task("a"), id=task_id))


def test_size(make: Make) -> None:
    assert codes() == ["empty_plan"]
    many = [make.task(f"t{n}") for n in range(MAX_TASKS + 1)]
    assert codes(*many) == ["too_many_tasks"]
    assert codes(*many[:-1]) == []
    assert codes(replace(make.task("a"), write_set=())) == ["no_write_set"]
    assert codes(make.task("a"), make.task("a")) == ["duplicate_id"]


def test_cycles(make: Make) -> None:
    assert codes(make.task("a", after=("a",))) == ["cycle"]
    ring = [make.task("a", after=("c",)), make.task("b", after=("a",)), make.task("c", after=("b",))]
    problems = validate(ring, ())
    assert [p.code for p in problems] == ["cycle"]
    assert " -> " in problems[0].describe()
    assert codes(make.task("d"), make.task("e", after=("d", "d"))) == []


@pytest.mark.parametrize(
    "path",
    [
        "", "/", "//", "/etc", "C:/x", "c:x", "a\\b", "a\0b", "..", "../x", "a/../b", "a/..", "./a", "a/./b", "a//b",
        "a//", ".git", ".git/", ".git/config", "sub/.git/hooks", ".GIT/x", ".opencode", ".opencode/",
        ".opencode/todo.md", ".opencode/summary.md", ".orchestrator_scratch", ".orchestrator_scratch/x.py",
    ],
)  # fmt: skip
def test_paths_that_no_task_may_own(path: str) -> None:
    assert path_problem(path) is not None


@pytest.mark.parametrize("path", ["a", "a/", "a/b.py", ".gitignore", "..a", "a..", ".opencode/x.md", "a b", "ü/ß"])
def test_paths_that_a_task_may_own(path: str) -> None:
    assert path_problem(path) is None


@pytest.mark.parametrize(
    ("entry", "path", "is_covered"),
    [
        ("a.py", "a.py", True),
        ("a.py", "a.pyc", False),
        ("src/", "src/x/y.py", True),
        ("src/", "src", False),
        ("src/", "srcx", False),
        ("src", "src/x", False),
    ],
)
def test_covering(entry: str, path: str, *, is_covered: bool) -> None:
    assert covers(entry, path) is is_covered
    assert outside((entry,), (path,)) == (() if is_covered else (path,))


@pytest.mark.parametrize(
    ("one", "other", "is_shared"),
    [
        (("a",), ("a",), True),
        (("src/",), ("src/a",), True),
        (("src/",), ("src/deep/",), True),
        (("src/",), ("src2/",), False),
        (("a", "b"), ("c", "b"), True),
        (("lib",), ("lib/",), True),
        (("lib",), ("lib/x",), True),
        (("lib",), ("library",), False),
        ((), ("a",), False),
    ],
)
def test_overlap_is_symmetric(one: tuple[str, ...], other: tuple[str, ...], *, is_shared: bool) -> None:
    assert overlaps(one, other) is is_shared
    assert overlaps(iter(other), iter(one)) is is_shared
