"""What nearly all code of a workspace does in the same way, for briefs: learned once, not for each session."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Final

from orchestrator import native

MAX_HABITS: Final = 12
_KEPT: Final = 16
_Key = tuple[frozenset[str], tuple[str, ...]]


class Habits:
    """The conventions of a workspace by language. Thread-safe.

    They are learned anew when a file of the language comes or goes: a habit is what hundreds of places share, which no
    task changes by editing some of them.
    """

    def __init__(self) -> None:
        """Nothing is learned yet."""
        self._lock = threading.Lock()
        self._learned: dict[_Key, list[native.Convention]] = {}

    def of(self, root: str, write_set: Iterable[str], paths: Iterable[str]) -> list[str]:
        """Sentences, the best founded first, in the languages of the write set; none where the core can't look."""
        write_set = tuple(write_set)
        suffixes = frozenset(PurePosixPath(path).suffix for path in write_set if not path.endswith("/"))
        alike = tuple(path for path in paths if not suffixes or PurePosixPath(path).suffix in suffixes)
        with self._lock:  # those who come meanwhile want the same
            learned = self._learned.get((suffixes, alike))
            if learned is None:
                try:
                    learned = native.Conventions.learn(root, list(alike)).all()
                except native.CoreError:
                    return []
                while len(self._learned) >= _KEPT:
                    self._learned.pop(next(iter(self._learned)))
                self._learned[(suffixes, alike)] = learned
        fitting = [item for item in learned if not item.folder or _is_below(item.folder, write_set)]
        return [item.sentence for item in sorted(fitting, key=lambda item: -item.total)[:MAX_HABITS]]


def _is_below(folder: str, write_set: tuple[str, ...]) -> bool:
    return any(path.startswith(f"{folder}/") for path in write_set)
