"""Neovim as it looks in a terminal: the command line, its completion, the status window and its keys."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import Plan  # pyright: ignore[reportMissingImports] - of the end-to-end tests
from tmux_terminal import Terminal, neovim_in, tmux  # pyright: ignore[reportMissingImports] - beside this file


@pytest.fixture
def terminal(workspace: Path, tmp_path: Path) -> Iterator[Terminal]:
    """A Neovim with this plugin alone, and a mission at hand whose second task takes its time."""
    if not tmux() and "ORCHESTRATOR_TEST_EDITORS" not in os.environ:
        pytest.skip("tmux is not installed: make test-editors")
    plan = Plan()
    plan.task("api", "api.py", work={"actions": [{"write": {"path": "api.py", "content": "A = 1\n"}}]})
    work = {"duration_s": 300, "actions": [{"write": {"path": "docs.py", "content": "A = 1\n"}}]}
    host = plan.task("docs", "docs.py", work=work, depends_on=["api"]).save(workspace)
    started = neovim_in(workspace, tmp_path, host)
    yield started
    started.end()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_mission_is_started_watched_and_stopped_in_a_terminal(terminal: Terminal) -> None:
    terminal.shows("return not name in names")
    terminal.type(":TaskSt", "Tab")
    terminal.shows("TaskStop", "TaskStatus")
    terminal.type("C-c")
    terminal.type(":Task build a small API", "Enter")
    terminal.shows("mission started: build a small API")
    terminal.type(":TaskStatus", "Enter")
    terminal.shows("▸ docs", "✓ api", "1 of 2", "╭", " Mission ", "q close  l log  d diff")
    terminal.type("s")
    terminal.shows("stopped  on scripted")
    terminal.type("q")
    terminal.until(lambda: "╭" not in terminal.screen())
