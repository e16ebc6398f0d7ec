"""The pool of worktrees: each holds one commit for one attempt or check at a time, then is reused."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread
import pygit2

from orchestrator import native
from orchestrator.ports.workspace import WorkspaceError, Worktree
from orchestrator.workspace.disk import DEFAULT_CAP_BYTES, Disk
from orchestrator.workspace.folder import Folder, switch
from orchestrator.workspace.setup import Before, after_setup, before_setup
from orchestrator.workspace.shadow import Shadow, tree_of
from orchestrator.workspace.trees import flatten

MAX_WORKTREES: Final = 64
KEPT_IDLE: Final = 8
"""So many folders are kept while no mission runs."""
WAIT_S: Final = 600.0
_THREADS: Final = 8


class Worktrees:
    """At most `size` folders below one place. Folders of an earlier process are found, checked and reused."""

    def __init__(
        self,
        place: Path,
        shadow: Shadow,
        *,
        size: int = MAX_WORKTREES,
        wait_s: float = WAIT_S,
        cap_bytes: int = DEFAULT_CAP_BYTES,
    ) -> None:
        """Find the folders that exist; nothing is known of what they hold. `cap_bytes` holds with the shadow's."""
        self._place = Path(os.path.realpath(place))
        self._shadow = shadow
        self._disk = Disk(shadow.path, self._place, cap_bytes)
        self._wait_s = wait_s
        self._free = [Folder(str(path)) for path in _folders(self._place)[:size]]
        self._used: dict[str, Folder] = {}
        self._slots = anyio.Semaphore(size)
        self._threads = anyio.CapacityLimiter(_THREADS)
        self._lock = threading.Lock()

    @asynccontextmanager
    async def checkout(self, commit: str) -> AsyncGenerator[Worktree, None]:
        """A folder that holds exactly the commit's tree.

        Raises WorkspaceError `no_worktree_free` after the deadline, `no_such_commit`, `worktree_failed`.
        """
        await self._wait()
        try:
            folder = await anyio.to_thread.run_sync(self._take, commit, limiter=self._threads)
            try:
                yield Worktree(folder.path, folder.commit, folder.tree.hex())
            finally:
                with anyio.CancelScope(shield=True):
                    await self._give_back(folder)
        finally:
            self._slots.release()

    @asynccontextmanager
    async def reclaim(self, path: str, commit: str) -> AsyncGenerator[Worktree, None]:
        """A folder of an earlier process with the work that is in it.

        Nothing is known of its setup products, so files that a setup made and no ignore rule names count as work.
        Raises WorkspaceError `not_checked_out` when no free folder is at this path.
        """
        await self._wait()
        try:
            folder = await anyio.to_thread.run_sync(self._reclaim, path, commit, limiter=self._threads)
            try:
                yield Worktree(folder.path, folder.commit, folder.tree.hex())
            finally:
                with anyio.CancelScope(shield=True):
                    await self._give_back(folder)
        finally:
            self._slots.release()

    async def _give_back(self, folder: Folder) -> None:
        """Keep a folder for the next, or remove it where the disk holds more than it may."""
        with self._lock:
            del self._used[folder.path]
            if not self._disk.is_over:
                self._free.append(folder)
                return
        await anyio.to_thread.run_sync(self._remove, folder, limiter=self._threads)

    def _remove(self, folder: Folder) -> None:
        self._disk.shrinks(folder.path)
        native.remove_tree(folder.path)

    def _reclaim(self, path: str, commit: str) -> Folder:
        with self._shadow.use() as repo, self._lock:
            folder = next((free for free in self._free if free.path == path), None)
            if folder is None:
                raise _given_back(Worktree(path, commit, ""))
            tree = tree_of(repo, commit)
            self._free.remove(folder)
            folder.forget()
            folder.commit, folder.tree, folder.entries = commit, tree, flatten(repo, tree)
            self._used[path] = folder
        return folder

    async def prepared(self, worktree: Worktree, key: str, run: Callable[[], Awaitable[None]]) -> bool:
        """Run the setup in a worktree unless its products for `key` are still there, untouched; whether it ran.

        The worktree may hold work on top of its commit. `key` is a digest of all that decides what the setup makes
        (lock files, commands). What `run` raises is raised; nothing counts as a product then. Tracked files that the
        setup changed are put back.
        """
        folder = self._used.get(worktree.path)
        if folder is None:
            raise _given_back(worktree)
        if key and folder.products.key == key:
            return False
        before = await anyio.to_thread.run_sync(before_setup, folder, limiter=self._threads)
        await run()
        await anyio.to_thread.run_sync(self._after_setup, folder, key, before, limiter=self._threads)
        return True

    def trim(self) -> None:
        """Remove the free folders but the few that were used last. Blocking."""
        with self._lock:
            over, self._free = self._free[:-KEPT_IDLE], self._free[-KEPT_IDLE:]
        for folder in over:
            self._remove(folder)

    def folder(self, worktree: Worktree) -> Folder:
        """What is known of a worktree in use. Raises WorkspaceError `not_checked_out`."""
        folder = self._used.get(worktree.path)
        if folder is None or folder.commit != worktree.commit:
            raise _given_back(worktree)
        return folder

    async def _wait(self) -> None:
        try:
            with anyio.fail_after(self._wait_s):
                await self._slots.acquire()
        except TimeoutError:
            raise WorkspaceError(
                "no_worktree_free",
                f"no worktree became free within {self._wait_s:.0f} s",
                "use fewer slots, or find the attempt that never ends",
            ) from None

    def _take(self, commit: str) -> Folder:
        with self._shadow.use() as repo:
            tree = tree_of(repo, commit)
            folder, is_new = self._pick(tree)
            if is_new:
                self._disk.admit()
            try:
                self._switch(repo, folder, commit, tree)
            except BaseException as error:
                with self._lock:
                    self._free.append(folder)
                if isinstance(error, OSError):
                    raise _failed(folder, error) from error
                raise
            with self._lock:
                self._used[folder.path] = folder
            if is_new:
                self._disk.grew(folder.path)
        return folder

    def _switch(self, repo: pygit2.Repository, folder: Folder, commit: str, tree: bytes) -> None:
        Path(folder.path).mkdir(parents=True, exist_ok=True, mode=0o755)
        try:
            switch(repo, folder, commit, tree)
        except (OSError, WorkspaceError):
            # What can't be repaired in place is made anew, once.
            folder.forget()
            native.remove_tree(folder.path)
            Path(folder.path).mkdir(parents=True, exist_ok=True, mode=0o755)
            switch(repo, folder, commit, tree)

    def _pick(self, tree: bytes) -> tuple[Folder, bool]:
        """The free folder that needs the least work: the same tree, else the one used last, else a new one (True)."""
        with self._lock:
            for index, folder in enumerate(self._free):
                if folder.tree == tree:
                    return self._free.pop(index), False
            if self._free:
                return self._free.pop(), False
        return Folder(str(self._place / secrets.token_hex(6))), True

    def _after_setup(self, folder: Folder, key: str, before: Before) -> None:
        with self._shadow.use() as repo:
            after_setup(repo, folder, key, before)


def _folders(place: Path) -> list[Path]:
    return sorted(path for path in place.iterdir() if path.is_dir()) if place.is_dir() else []


def _given_back(worktree: Worktree) -> WorkspaceError:
    return WorkspaceError(
        "not_checked_out", f"the worktree {worktree.path} was given back", "check the commit out again"
    )


def _failed(folder: Folder, error: OSError) -> WorkspaceError:
    return WorkspaceError(
        "worktree_failed",
        f"the worktree {folder.path} can't be filled: {error}",
        "check free space and permissions in the state directory",
    )
