"""A workspace in memory: commits, worktrees and merges as the shadow repository has them, without a disk.

Trees are mappings of paths to contents; ids are digests, so equal trees have equal ids. Every call takes a little
virtual time, so that others come between.
"""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256

import anyio

from orchestrator.domain.plan import path_problem
from orchestrator.domain.words import DeliveryMode
from orchestrator.ports.workspace import Change, Delivery, Merge, Snapshot, WorkspaceError, Worktree

Files = Mapping[str, str]


@dataclass
class Disk:
    """What outlives a server: commits, refs, worktrees and the user's files."""

    user: dict[str, str]
    commits: dict[str, str] = field(default_factory=dict[str, str])
    trees: dict[str, Files] = field(default_factory=dict[str, Files])
    refs: dict[str, str] = field(default_factory=dict[str, str])
    folders: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    folder_commits: dict[str, str] = field(default_factory=dict[str, str])

    def store(self, files: Files, message: str, *parents: str) -> tuple[str, str]:
        """A commit of these files; its id and its tree's."""
        tree = digest(*(f"{path}\0{content}" for path, content in sorted(files.items())))
        commit = digest(tree, message, *parents)
        self.trees[tree] = dict(files)
        self.commits[commit] = tree
        return commit, tree

    def files(self, commit: str) -> Files:
        """The files of a commit."""
        return self.trees[self.commits[commit]]


def digest(*parts: str) -> str:
    """A stable id."""
    return sha256("\x01".join(parts).encode()).hexdigest()[:20]


def differing(old: Files, new: Files) -> tuple[str, ...]:
    """Paths that are not the same in both."""
    return tuple(sorted(path for path in old.keys() | new.keys() if old.get(path) != new.get(path)))


class SimWorkspace:
    """The port over a `Disk`; `alive` raises once the server was killed.

    `conflict_share` of merges conflict for no reason but the plan of faults.
    """

    def __init__(self, disk: Disk, chance: random.Random, alive: Callable[[], None], conflict_share: float) -> None:
        self._disk = disk
        self._chance = chance
        self._alive = alive
        self._conflict_share = conflict_share
        self._busy: set[str] = set()
        self._made = 0

    @property
    def root(self) -> str:
        return "/sim"

    @property
    def checked_out(self) -> set[str]:
        """Folders that somebody works in."""
        return self._busy

    def path_problem(self, path: str) -> str | None:
        return path_problem(path)

    async def _pause(self) -> None:
        self._alive()
        await anyio.sleep(self._chance.choice((0.0, 0.001, 0.01, 0.1)))
        self._alive()

    async def snapshot(self) -> Snapshot:
        await self._pause()
        commit, tree = self._disk.store(self._disk.user, "snapshot")
        return Snapshot(commit, tree, len(self._disk.user), ())

    @asynccontextmanager
    async def checkout(self, commit: str) -> AsyncGenerator[Worktree]:
        await self._pause()
        free = sorted(self._disk.folders.keys() - self._busy)
        path = free[0] if free else f"/sim-trees/{len(self._disk.folders)}"
        self._disk.folders[path] = dict(self._disk.files(commit))
        self._disk.folder_commits[path] = commit
        self._busy.add(path)
        try:
            yield Worktree(path, commit, self._disk.commits[commit])
        finally:
            self._busy.discard(path)

    @asynccontextmanager
    async def reclaim(self, path: str, commit: str) -> AsyncGenerator[Worktree]:
        self._alive()
        if self._disk.folder_commits.get(path) != commit or path in self._busy:
            raise WorkspaceError("not_checked_out", f"{path} holds something else")
        self._busy.add(path)
        try:
            yield Worktree(path, commit, self._disk.commits[commit])
        finally:
            self._busy.discard(path)

    async def commit(self, worktree: Worktree, message: str) -> Change:
        await self._pause()
        files = self._disk.folders[worktree.path]
        commit, tree = self._disk.store(files, message, worktree.commit)
        return Change(commit, tree, differing(self._disk.files(worktree.commit), files))

    async def merge(self, *, base: str, ours: str, theirs: str, message: str, left_out: Collection[str] = ()) -> Merge:
        await self._pause()
        old, mine, new = (self._disk.files(commit) for commit in (base, ours, theirs))
        merged = dict(mine)
        conflicts: list[str] = []
        for path in differing(old, new):
            if path in left_out:
                continue
            if mine.get(path) in (old.get(path), new.get(path)):
                if path in new:
                    merged[path] = new[path]
                else:
                    merged.pop(path, None)
            else:
                conflicts.append(path)
        if not conflicts and self._chance.random() < self._conflict_share:
            conflicts = list(differing(old, new))[:1]
        if conflicts:
            return Merge("", "", (), tuple(conflicts))
        commit, tree = self._disk.store(merged, message, ours, theirs)
        return Merge(commit, tree, differing(mine, merged), ())

    async def advance(self, mission_id: str, commit: str, *, previous: str) -> None:
        await self._pause()
        if self._disk.refs.get(mission_id, "") != previous:
            raise WorkspaceError("ref_moved", "the ref stands elsewhere")
        self._disk.refs[mission_id] = commit

    async def restore_ref(self, mission_id: str, commit: str) -> None:
        await self._pause()
        self._disk.refs[mission_id] = commit

    async def tidy(self, missions: Collection[str], commits: Collection[str]) -> tuple[str, ...]:
        return ()

    async def undo(self, mission_id: str, delivered: str, restored: str) -> tuple[str, ...]:
        await self._pause()
        paths = differing(self._disk.files(delivered), self._disk.files(restored))
        self._write(self._disk.files(restored), paths)
        return paths

    async def read_file(self, commit: str, path: str) -> bytes | None:
        await self._pause()
        return None

    async def changed_paths(self, old: str, new: str) -> tuple[str, ...]:
        await self._pause()
        return differing(self._disk.files(old), self._disk.files(new))

    async def diff(self, old: str, new: str, paths: Sequence[str] = ()) -> str:
        return ""

    async def deliver(self, mission_id: str, base: str, tip: str, mode: DeliveryMode, title: str) -> Delivery:
        await self._pause()
        paths = differing(self._disk.files(base), self._disk.files(tip))
        self._write(self._disk.files(tip), paths)
        return Delivery(mode, self.root, paths, (), "")

    def _write(self, files: Files, paths: Sequence[str]) -> None:
        for path in paths:
            if path in files:
                self._disk.user[path] = files[path]
            else:
                self._disk.user.pop(path, None)
