"""One mission, watched by VS Code, Neovim and the shell at once."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

import pytest
from harness import Running  # pyright: ignore[reportMissingImports] - of the end-to-end tests
from worlds_vscode import Open, begun, slow  # pyright: ignore[reportMissingImports] - beside this file

sys.path.append(str(Path(__file__).parents[1] / "neovim"))

from editor import editor  # pyright: ignore[reportMissingImports] - the Neovim of the tests of Neovim

T = TypeVar("T")


@pytest.mark.slow
def test_one_mission_is_seen_by_all_and_stopped_by_one(
    opened: Open, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("STATE", "CACHE", "DATA", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    code = opened(host=slow(workspace))
    begun(code, "write two modules")
    with ExitStack() as stack:
        shell = Running("watch", "--workspace", workspace, "--json")
        stack.callback(shell.abandon)
        # The browser's event loop runs in this thread; Neovim's needs one of its own.
        thread = stack.enter_context(ThreadPoolExecutor(max_workers=1))

        def there(act: Callable[[], T]) -> T:
            return thread.submit(act).result()

        window = editor(workspace)
        vim = there(window.__enter__)
        stack.callback(there, lambda: window.__exit__(None, None, None))
        there(lambda: vim.command("TaskStatus"))
        there(lambda: vim.shows("▸ one  one"))
        shell.wait_for("attempt.started")
        there(lambda: vim.command("TaskPause two"))
        code.until(lambda: code.has_row("    two — paused"), "held in Neovim, seen here")
        shell.wait_for("task.paused")
        code.palette("Orchestrator: Stop")
        there(lambda: vim.hears("stopped: write two modules"))
        there(lambda: vim.shows("stopped  on scripted"))
        code.toast("stopped: write two modules")
        done = shell.end()
        assert done.status["status"] == "stopped"
        seqs = [event["seq"] for event in done.events]
        assert seqs == sorted(set(seqs))
