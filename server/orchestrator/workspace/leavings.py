"""What tools leave beside the work, in projects that do not ignore it."""

from __future__ import annotations

from typing import Final

_CACHES: Final = frozenset({"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis"})
_FILES: Final = frozenset({".coverage", ".DS_Store", "Thumbs.db"})
_SUFFIXES: Final = (".pyc", ".pyo")


def is_cache(path: str) -> bool:
    """Whether a file is a tool's memory of its last run: nobody's work, and made anew by the next."""
    *folders, name = path.split("/")
    return not _CACHES.isdisjoint(folders) or name in _FILES or name.endswith(_SUFFIXES)
