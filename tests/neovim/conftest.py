"""A workspace and a Neovim for each test."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "e2e")]

from editor import Editor, editor  # noqa: E402 # pyright: ignore[reportMissingImports] - beside this file

SOURCE = "def missing(name, names):\n    return not name in names\n"
TEST = "from names import missing\n\n\ndef test_missing():\n    assert missing('a', ['b'])\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A module with one finding that has a fix, its test, and the check that runs it."""
    folder = tmp_path / "shop"
    (folder / ".opencode").mkdir(parents=True)
    (folder / "names.py").write_text(SOURCE)
    (folder / "test_names.py").write_text(TEST)
    (folder / ".opencode" / "orchestrator.jsonc").write_text(
        '{"checks": [{"name": "tests", "command": "python -m pytest -q -p no:cacheprovider"}]}'
    )
    return folder


@pytest.fixture
def opened(workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Editor]]:
    """Opens Neovims in the workspace, which are gone when the test is over."""
    for name in ("STATE", "CACHE", "DATA", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    with ExitStack() as stack:
        yield lambda folder=workspace, **options: stack.enter_context(editor(folder, **options))
