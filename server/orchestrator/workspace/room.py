"""The workspace port over a shadow repository."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.to_thread
import pygit2

from orchestrator.config.places import Places
from orchestrator.domain.words import DeliveryMode
from orchestrator.ports.workspace import Change, Delivery, Merge, Snapshot, WorkspaceError, Worktree
from orchestrator.workspace import confine, diff, integrate, tidying
from orchestrator.workspace.commit import commit_folder
from orchestrator.workspace.deliver import Deliveries
from orchestrator.workspace.disk import DEFAULT_CAP_BYTES
from orchestrator.workspace.folder import Folder
from orchestrator.workspace.shadow import Shadow, tree_of, unusable
from orchestrator.workspace.snapshot import Snapshots, unreadable
from orchestrator.workspace.trees import LINK, find
from orchestrator.workspace.worktrees import Worktrees

T = TypeVar("T")
WORK_BYTES = 4 << 30


class ShadowWorkspace:
    """One user's folder and the shadow repository beside it: implements `ports.workspace.Workspace`.

    Blocking work runs in threads. Not cancelled half way: a cancelled call ends after its thread does. Commits that a
    call answers, and what it says that reached the user, are synced.
    """

    def __init__(self, places: Places, *, cap_bytes: int, work_bytes: int) -> None:
        """Use `open_workspace`, which checks the folder first."""
        self._places = places
        self._work_bytes = work_bytes
        self._shadow = Shadow(places.shadow)
        self._snapshots = Snapshots(places, self._shadow)
        self._worktrees = Worktrees(places.worktrees, self._shadow, cap_bytes=cap_bytes)
        self._deliveries = Deliveries(places)
        self._one_delivery = anyio.Lock()
        with self._shadow.use() as repo:
            self._unrestored = self._deliveries.recover(repo)

    @property
    def root(self) -> str:
        """Absolute real path of the workspace."""
        return str(self._places.root)

    @property
    def unrestored(self) -> tuple[str, ...]:
        """Paths that a delivery of a process that died touched and that could not be put back; to show to a person."""
        return self._unrestored

    def path_problem(self, path: str) -> str | None:
        """Why a relative path may not be written, or None."""
        return confine.path_problem(self.root, path)

    async def snapshot(self) -> Snapshot:
        """Take the user's tree as it is now."""
        return await anyio.to_thread.run_sync(self._snapshots.take)

    @asynccontextmanager
    async def checkout(self, commit: str) -> AsyncGenerator[Worktree, None]:
        """A worktree that holds exactly this commit (and untouched setup products)."""
        async with self._worktrees.checkout(commit) as worktree:
            yield worktree

    @asynccontextmanager
    async def reclaim(self, path: str, commit: str) -> AsyncGenerator[Worktree, None]:
        """The worktree that an earlier server handed out, with the work that is in it."""
        async with self._worktrees.reclaim(path, commit) as worktree:
            yield worktree

    async def prepared(self, worktree: Worktree, key: str, run: Callable[[], Awaitable[None]]) -> bool:
        """Run the setup unless its products for `key` are in the worktree, untouched; whether it ran."""
        return await self._worktrees.prepared(worktree, key, run)

    async def commit(self, worktree: Worktree, message: str) -> Change:
        """Commit what differs in the worktree from its commit."""
        folder = self._worktrees.folder(worktree)
        return await anyio.to_thread.run_sync(self._commit, folder, worktree, message)

    async def merge(self, *, base: str, ours: str, theirs: str, message: str, left_out: Collection[str] = ()) -> Merge:
        """Three-way merge in memory; paths in `left_out` stay as `ours` has them."""

        def merged(repo: pygit2.Repository) -> Merge:
            merge = integrate.merge(repo, base, ours, theirs, message, left_out)
            if merge.commit not in {"", ours}:
                self._shadow.sync()
            return merge

        return await self._use(merged)

    async def advance(self, mission_id: str, commit: str, *, previous: str) -> None:
        """Move the mission's ref, compare and swap."""
        await self._use(lambda repo: integrate.advance(repo, mission_id, commit, previous))

    async def restore_ref(self, mission_id: str, commit: str) -> None:
        """Put the mission's ref to this commit wherever it stands."""
        await self._use(lambda repo: integrate.restore_ref(repo, mission_id, commit))

    async def undo(self, mission_id: str, delivered: str, restored: str) -> tuple[str, ...]:
        """Put `restored`'s content where `delivered`'s stands in the user's tree, all or nothing."""
        async with self._one_delivery:
            return await self._use(
                lambda repo: self._deliveries.undo(repo, mission_id=mission_id, delivered=delivered, restored=restored)
            )

    async def read_file(self, commit: str, path: str) -> bytes | None:
        """A file of a commit; None when there is none, or a symlink."""
        return await self._use(lambda repo: _read_file(repo, commit, path))

    async def changed_paths(self, old: str, new: str) -> tuple[str, ...]:
        """Paths that differ between two commits."""
        return await self._use(lambda repo: diff.changed_paths(repo, old, new))

    async def diff(self, old: str, new: str, paths: Sequence[str] = ()) -> str:
        """Unified diff; `paths` may be write-set entries."""
        return await self._use(lambda repo: diff.text(repo, old, new, paths))

    async def deliver(self, mission_id: str, base: str, tip: str, mode: DeliveryMode, title: str) -> Delivery:
        """Bring base..tip to the user, all or nothing."""
        async with self._one_delivery:
            return await self._use(
                lambda repo: self._deliveries.deliver(
                    repo, mission_id=mission_id, base=base, tip=tip, mode=mode, title=title
                )
            )

    async def tidy(self, missions: Collection[str], commits: Collection[str]) -> tuple[str, ...]:
        """Free disk space; the missions whose work went. Call it while no mission runs."""

        def tidied(repo: pygit2.Repository) -> tuple[str, ...]:
            try:
                with self._snapshots.held() as (tree, blobs):
                    dropped = tidying.tidy(repo, self._work_bytes, tidying.Needed(missions, commits, tree, blobs))
            except (OSError, pygit2.GitError, KeyError) as error:
                raise unusable(self._places.shadow, "tidied", error) from error
            self._worktrees.trim()
            return dropped

        async with self._one_delivery:
            dropped = await self._use(tidied)
        # A handle remembers objects that it has read, also those that are gone now.
        self._shadow.close()
        return dropped

    def close(self) -> None:
        """Let go of open files. Worktrees stay for the next start."""
        self._shadow.close()

    def _commit(self, folder: Folder, worktree: Worktree, message: str) -> Change:
        with self._shadow.use() as repo:
            change = commit_folder(repo, folder, worktree, message)
        if change.commit != worktree.commit:
            self._shadow.sync()
        return change

    async def _use(self, work: Callable[[pygit2.Repository], T]) -> T:
        def run() -> T:
            with self._shadow.use() as repo:
                return work(repo)

        return await anyio.to_thread.run_sync(run)


def open_workspace(
    places: Places, *, cap_bytes: int = DEFAULT_CAP_BYTES, work_bytes: int = WORK_BYTES
) -> ShadowWorkspace:
    """The workspace at `places.root`, which may be read-only. For the one server that owns its state.

    `cap_bytes` is how much shadow repository and worktrees may take, `work_bytes` how much of that the work of ended
    missions. What a process that died left half done is taken back. Raises WorkspaceError as `require_folder`, and
    `shadow_unusable`.
    """
    require_folder(places.root)
    return ShadowWorkspace(places, cap_bytes=cap_bytes, work_bytes=work_bytes)


def require_folder(root: Path) -> None:
    """Raise WorkspaceError `no_such_workspace`, `not_a_folder` or `workspace_unreadable` for what is no workspace."""
    try:
        with os.scandir(root) as entries:
            next(entries, None)
    except FileNotFoundError:
        raise WorkspaceError("no_such_workspace", f"{root} does not exist", "name an existing folder") from None
    except NotADirectoryError:
        raise WorkspaceError("not_a_folder", f"{root} is not a folder", "name the folder that holds the code") from None
    except OSError as error:
        raise unreadable(root, error) from error


def _read_file(repo: pygit2.Repository, commit: str, path: str) -> bytes | None:
    entry = find(repo, tree_of(repo, commit), path)
    if entry is None or entry.mode == LINK:
        return None
    return repo.odb.read(pygit2.Oid(raw=entry.oid))[1]
