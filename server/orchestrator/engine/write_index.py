"""Which paths are held by running tasks, so that an overlap is found without looking at each of them.

Two write sets overlap where an entry of one is, or lies below, an entry of the other (`domain.plan.overlaps`). Most
entries are files that no other entry holds, and cost one look-up; only entries above others ("wide" ones, such as
folders) are counted for what is held below them. Entries come without the slash that ends a folder; "" is everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence


class WriteIndex:
    """The write sets that are held now. Those that are held must have been learned, and name no entry twice."""

    def __init__(self) -> None:
        """Nothing is known or held."""
        self._entries: set[str] = set()
        self._folders: set[str] = set()
        self._wide: set[str] = set()
        self._at: dict[str, int] = {}
        self._below: dict[str, int] = {}

    def learn(self, entries: set[str]) -> None:
        """Know more entries of write sets, so that those above others are known as such."""
        folders = {entry.rpartition("/")[0] for entry in entries if entry}
        for folder in tuple(folders):
            while folder and folder not in self._folders:
                folder = folder.rpartition("/")[0]  # noqa: PLW2901 - the walk up
                folders.add(folder)
        wide = (entries & self._folders) | (folders & self._entries) | (entries & folders)
        self._entries |= entries
        self._folders |= folders
        if not wide <= self._wide:
            self._wide |= wide
            self._below = {}
            for path, count in self._at.items():
                for folder in self._wide_above(path):
                    self._below[folder] = self._below.get(folder, 0) + count

    def is_in_the_way(self, obstacle: str) -> bool:
        """Whether an obstacle that `try_hold` answered is still there."""
        return obstacle[:-1] in self._below if obstacle.endswith("/") else obstacle in self._at

    def try_hold(self, write_set: Sequence[str]) -> str | None:
        """Hold a write set and answer None; or hold nothing and answer an obstacle.

        That is an entry which is held, or "FOLDER/" for entries that are held below a folder.
        """
        at = self._at
        for path in write_set:
            if path in at:
                return path
        if not self._wide:
            for path in write_set:
                at[path] = 1
        elif (blocker := self._wide_blocker(write_set)) is not None:
            return blocker
        else:
            self.hold(write_set)
        return None

    def hold(self, write_set: Sequence[str]) -> None:
        """Hold a write set whatever stands in its way: somebody has decided so."""
        at = self._at
        for path in write_set:
            at[path] = at.get(path, 0) + 1
            if self._wide:
                for folder in self._wide_above(path):
                    self._below[folder] = self._below.get(folder, 0) + 1

    def release(self, write_set: Sequence[str]) -> Iterable[str]:
        """Free a write set that is held; the obstacles that are gone by that."""
        at = self._at
        for path in write_set:
            left = at.pop(path) - 1
            if left:
                at[path] = left
        if not self._wide:
            return write_set
        free = list(write_set)
        for path in write_set:
            for folder in self._wide_above(path):
                left = self._below.pop(folder) - 1
                if left:
                    self._below[folder] = left
                else:
                    free.append(f"{folder}/")
        return free

    def _wide_blocker(self, write_set: Sequence[str]) -> str | None:
        for path in write_set:
            if path in self._below:
                return f"{path}/"
            for folder in self._wide_above(path):
                if folder in self._at:
                    return folder
        return None

    def _wide_above(self, path: str) -> list[str]:
        """The wide entries above a path, itself not among them."""
        found: list[str] = []
        while path:
            path = path.rpartition("/")[0]
            if path in self._wide:
                found.append(path)
        return found
