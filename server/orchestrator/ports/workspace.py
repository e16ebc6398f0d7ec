"""The user's tree, snapshots of it, isolated worktrees, integration and delivery."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from orchestrator.domain.words import DeliveryMode
from orchestrator.errors import OrchestratorError


class WorkspaceError(OrchestratorError):
    """The workspace does not allow what was asked (`no_such_workspace`, `not_a_folder`, `workspace_too_large`, …)."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A commit in the shadow repository that holds the user's tree, uncommitted work included."""

    commit: str
    tree: str
    file_count: int
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Worktree:
    """A folder that holds a commit's tree, for one attempt or one check at a time. `path` is absolute."""

    path: str
    commit: str
    tree: str


@dataclass(frozen=True, slots=True)
class Change:
    """A commit made from a worktree; `paths` are the relative paths that differ from the commit it was made from."""

    commit: str
    tree: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Merge:
    """A three-way merge in memory. With `conflicts` (paths) there is no commit ("")."""

    commit: str
    tree: str
    paths: tuple[str, ...]
    conflicts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What reached the user. `mode` is how in the end; `kept_back` are paths the user changed since the snapshot."""

    mode: DeliveryMode
    place: str
    paths: tuple[str, ...]
    kept_back: tuple[str, ...]
    detail: str


class Workspace(Protocol):
    """One user's folder and the shadow repository beside it."""

    @property
    def root(self) -> str:
        """Absolute real path of the workspace."""
        ...

    def path_problem(self, path: str) -> str | None:
        """Why a relative path may not be written (it leaves the workspace, also through a symlink), or None."""
        ...

    async def snapshot(self) -> Snapshot:
        """Take the user's tree as it is now. Nothing in the workspace is written. Raises WorkspaceError."""
        ...

    def checkout(self, commit: str) -> AbstractAsyncContextManager[Worktree]:
        """A worktree from the pool that holds exactly this commit; given back, cleaned later, at the end."""
        ...

    def reclaim(self, path: str, commit: str) -> AbstractAsyncContextManager[Worktree]:
        """The worktree that an earlier server handed out at this path for this commit, with the work that is in it.

        Call it before any `checkout`, which would reuse the folder. Raises WorkspaceError `not_checked_out` when there
        is no such folder any more.
        """
        ...

    async def commit(self, worktree: Worktree, message: str) -> Change:
        """Commit what differs in the worktree from its commit, its parent. Ignored files are left out."""
        ...

    async def merge(self, *, base: str, ours: str, theirs: str, message: str, left_out: Collection[str] = ()) -> Merge:
        """Merge commit `theirs` (made on `base`) into commit `ours`, line by line, without touching a worktree.

        Paths in `left_out` stay as `ours` has them.
        `paths` of the result are those that differ from `ours`. When `base` equals `ours` the result is `theirs`' tree.
        """
        ...

    async def advance(self, mission_id: str, commit: str, *, previous: str) -> None:
        """Move the mission's ref from `previous` ("": it does not exist yet) to a commit, so that it is kept.

        Raises WorkspaceError `ref_moved` when it stands elsewhere.
        """
        ...

    async def restore_ref(self, mission_id: str, commit: str) -> None:
        """Put the mission's ref to this commit wherever it stands, after a crash that came between ref and journal.

        Raises WorkspaceError `no_such_commit` when the shadow repository does not hold it.
        """
        ...

    async def undo(self, mission_id: str, delivered: str, restored: str) -> tuple[str, ...]:
        """Write `restored`'s content over `delivered`'s in the user's tree, all or nothing; the paths that differ.

        Raises WorkspaceError `changed_since`, naming the files that the user has changed since the delivery.
        """
        ...

    async def read_file(self, commit: str, path: str) -> bytes | None:
        """A file of a commit, None when there is none."""
        ...

    async def changed_paths(self, old: str, new: str) -> tuple[str, ...]:
        """Paths that differ between two commits."""
        ...

    async def diff(self, old: str, new: str, paths: Sequence[str] = ()) -> str:
        """Unified diff between two commits, git style; binary files are named."""
        ...

    async def deliver(self, mission_id: str, base: str, tip: str, mode: DeliveryMode, title: str) -> Delivery:
        """Bring base..tip to the user.

        Applies all or nothing; never over a file that the user changed since `base`: then it leaves a branch (where the
        workspace is a git repository) or a patch file, and says so in `kept_back` and `detail`.
        """
        ...

    async def tidy(self, missions: Collection[str], commits: Collection[str]) -> tuple[str, ...]:
        """Free disk space beyond the cap; the missions whose work went, which are the oldest ended ones.

        `missions` have not ended, and `commits` are theirs: they stay. Call it while no mission runs. Raises
        WorkspaceError.
        """
        ...
