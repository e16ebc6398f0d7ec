"""The files of worktrees, listed anew only when something changed in them."""

from __future__ import annotations

from functools import lru_cache

from orchestrator import native

_MAX_LISTS = 4
"""Worktrees whose files are kept in memory, and watched, at once."""


@lru_cache(maxsize=_MAX_LISTS)
def file_list(root: str) -> native.FileList:
    """The list of a worktree. It looks itself whether it still holds, so it may be shared by all sessions."""
    return native.FileList(root)
