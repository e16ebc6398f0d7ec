"""Findings in Neovim: once, as one types, with quick fixes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from editor import Editor  # pyright: ignore[reportMissingImports] - beside this file

Open = Callable[..., Editor]


def test_findings_follow_what_one_types_and_are_shown_once(opened: Open, workspace: Path) -> None:
    vim = opened()
    vim.edit(workspace / "names.py")
    vim.until(lambda: len(vim.diagnostics()) == 1, "one finding")
    (found,) = vim.diagnostics()
    assert (found["source"], found["lnum"]) == ("orchestrator", 1)
    vim.nvim.current.buffer[1] = "    return name not in names"
    vim.until(lambda: not vim.diagnostics(), "the finding is gone")
    vim.nvim.current.buffer[1] = "    return not name in names"
    vim.until(lambda: len(vim.diagnostics()) == 1, "the finding is back")
    vim.command("edit!")
    vim.until(lambda: len(vim.diagnostics()) == 1, "one finding after the buffer was read again")


def test_a_quick_fix_is_applied(opened: Open, workspace: Path) -> None:
    vim = opened()
    vim.edit(workspace / "names.py")
    vim.until(lambda: len(vim.diagnostics()) == 1, "one finding")
    vim.nvim.current.window.cursor = (2, 12)
    vim.lua("vim.lsp.buf.code_action({apply = true, filter = function(a) return a.isPreferred end})")
    vim.shows("return name not in names")
    vim.until(lambda: not vim.diagnostics(), "the finding is gone")


def test_nothing_is_started_outside_of_a_workspace(opened: Open, tmp_path: Path) -> None:
    (tmp_path / "loose.py").write_text("x = 1\n")
    vim = opened(tmp_path)
    vim.edit(tmp_path / "loose.py")
    assert vim.lua("return #vim.lsp.get_clients()") == 0
