"""`orchestrator watch` in a pipe, on terminals with and without colour, and after the mission."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "e2e"))

from harness import (  # pyright: ignore[reportMissingImports] - the end-to-end tests share it
    ORCHESTRATOR,
    Plan,
    environment,
    in_terminal,
    orchestrator,
    write,
)

COLOURS = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-7]|9[0-7])m")
CURSOR_UP = "\x1b[1A"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A mission is under way in it."""
    folder = tmp_path / "project"
    folder.mkdir()
    host = Plan().task("write-the-file", "new.py", work=write("new.py", "X = 1\n", duration_s=1.0)).save(tmp_path)
    begun = orchestrator("run", "write new.py", "-w", folder, "--host", host, "--detach")
    assert begun.code == 0, begun.err
    return folder


def test_a_pipe_gets_every_line_once_and_nothing_else(workspace: Path) -> None:
    live = orchestrator("watch", "-w", workspace)
    assert live.code == 3, live.err  # no check proves the work
    assert "\x1b" not in live.out + live.err
    assert "\r" not in live.out
    assert live.out.count("write-the-file begins") == 1
    assert live.out.count("write-the-file merged") == 1
    assert "orchestrator deliver m-" in live.out, "how to reach the work"
    assert orchestrator("watch", "-w", workspace).out == live.out, "and it is told the same afterwards"


@pytest.mark.parametrize(
    ("more", "is_drawn", "is_coloured"),
    [
        ({"TERM": "xterm-256color"}, True, True),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, False, False),
    ],
    ids=["colours", "no colours", "dumb"],
)
def test_a_terminal_is_redrawn_in_place(
    workspace: Path, more: dict[str, str], is_drawn: bool, is_coloured: bool
) -> None:
    env = environment(COLUMNS="80", LINES="24", **more)
    code, shown = in_terminal([ORCHESTRATOR, "watch", "-w", str(workspace)], env)
    assert code == 3, shown
    assert "write-the-file begins" in shown
    assert (CURSOR_UP in shown) is is_drawn
    assert bool(COLOURS.search(shown)) is is_coloured
    if not is_drawn:
        assert "\x1b[" not in shown
