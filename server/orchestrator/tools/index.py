"""The symbol index that the tools of all sessions share: only files that changed are parsed again."""

from __future__ import annotations

import threading

from orchestrator import native


class Symbols:
    """Builds indexes of worktrees, each on top of the last one. Thread-safe."""

    def __init__(self) -> None:
        """Nothing is indexed yet."""
        self._lock = threading.Lock()
        self._last: native.SymbolIndex | None = None

    def of(self, root: str) -> native.SymbolIndex:
        """The index of the tree at `root` as it is now. Blocking. Raises CoreError."""
        paths = [file.path for file in native.walk(root).files]
        with self._lock:
            self._last = native.SymbolIndex.build(root, paths, previous=self._last)
            return self._last
