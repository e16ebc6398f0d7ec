"""Workspaces and command lines for the end-to-end tests."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from harness import PASSES, Running, check, declare

CALCULATOR = "def add(a, b):\n    return a + b\n"
CALCULATOR_TEST = "from calc import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A small package with a test; no repository, no declared check."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "calc.py").write_text(CALCULATOR)
    (folder / "test_calc.py").write_text(CALCULATOR_TEST)
    return folder


@pytest.fixture
def checked(workspace: Path) -> Path:
    """The same with a declared check of the final tree that notices an error in any file, also in a new one."""
    declare(workspace, check(command=f"python -m compileall -f -q . && {PASSES}"))
    return workspace


@pytest.fixture
def start() -> Iterator[Callable[..., Running]]:
    """Starts command lines that run beside the test; whatever is left of them dies with it."""
    started: list[Running] = []

    def starter(*args: str | Path, **more: dict[str, str]) -> Running:
        started.append(Running(*args, **more))
        return started[-1]

    yield starter
    for running in started:
        running.abandon()
