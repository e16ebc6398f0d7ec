"""What tools leave beside the work, in projects that do not ignore it."""

from __future__ import annotations

from typing import Final

_CACHES: Final = frozenset({"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis"})
_INSTALLED: Final = frozenset({"node_modules", ".venv", ".tox", ".nox"})
_FILES: Final = frozenset({".coverage", ".DS_Store", "Thumbs.db"})
_SUFFIXES: Final = (".pyc", ".pyo")


def is_cache(path: str) -> bool:
    """Whether a file is a tool's memory of its last run: nobody's work, and made anew by the next."""
    *folders, name = path.split("/")
    return not _CACHES.isdisjoint(folders) or name in _FILES or name.endswith(_SUFFIXES)


def is_leaving(path: str) -> bool:
    """Whether a file that is new in a worktree is a tool's: a cache, or what was installed."""
    return is_cache(path) or not _INSTALLED.isdisjoint(path.split("/")[:-1])
