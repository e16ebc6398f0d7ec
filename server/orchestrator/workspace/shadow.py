"""The bare shadow repository in the state directory, and handles to it that are never shared between threads."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pygit2
from pygit2.enums import ConfigLevel

from orchestrator.ports.workspace import WorkspaceError
from orchestrator.workspace.lasting import sync_system
from orchestrator.workspace.mending import mend_after_boot

NAME: Final = "orchestrator"
EMAIL: Final = "orchestrator@localhost"
_IDLE_HANDLES: Final = 8
_CONFIG: Final = {
    "core.autocrlf": "false",
    "core.safecrlf": "false",
    "core.symlinks": "true",
    "core.logallrefupdates": "false",
    "gc.auto": "0",
    "gc.autodetach": "false",
}


def _forget_user_configuration() -> None:
    """No configuration of the user or the system, in this whole process: content is exact bytes everywhere.

    Owner validation protects programs that run commands named in a repository's configuration; nothing here does.
    """
    for level in (ConfigLevel.PROGRAMDATA, ConfigLevel.SYSTEM, ConfigLevel.XDG, ConfigLevel.GLOBAL):
        pygit2.settings.search_path[level] = ""
    pygit2.settings.owner_validation = False


_forget_user_configuration()


def signature(time_s: int = 0) -> pygit2.Signature:
    """The author of every commit. In the shadow repository time stands still: equal content gives an equal commit."""
    return pygit2.Signature(NAME, EMAIL, time_s, 0)


class Shadow:
    """One bare repository on disk. Each use takes a handle of its own, so that threads never share one."""

    def __init__(self, path: Path) -> None:
        """Open the repository of this process, creating it when missing. Raises WorkspaceError `shadow_unusable`."""
        self.path = path
        self._idle: list[pygit2.Repository] = []
        self._lock = threading.Lock()
        try:
            _begin(path)
            _remove_locks(path)
            repo = pygit2.Repository(str(path))
            _configure(repo)
            mend_after_boot(path)
            self._idle.append(repo)
        except (OSError, pygit2.GitError) as error:
            raise unusable(path, "opened", error) from error

    @contextmanager
    def use(self) -> Generator[pygit2.Repository, None, None]:
        """A handle for the calling thread, until the end of the block."""
        with self._lock:
            repo = self._idle.pop() if self._idle else None
        if repo is None:
            repo = pygit2.Repository(str(self.path))
        try:
            yield repo
        finally:
            with self._lock:
                if len(self._idle) < _IDLE_HANDLES:
                    self._idle.append(repo)

    def sync(self) -> None:
        """Make every object and ref that was written so far last. Raises WorkspaceError `shadow_unusable`."""
        try:
            sync_system(self.path)
        except OSError as error:
            raise unusable(self.path, "synced", error) from error

    def close(self) -> None:
        """Let go of every handle (and so of open pack files)."""
        with self._lock:
            self._idle.clear()


def unusable(path: Path, what: str, error: Exception) -> WorkspaceError:
    """The error for a repository that can't be opened, synced or tidied."""
    return WorkspaceError(
        "shadow_unusable",
        f"the shadow repository {path} can't be {what}: {error}",
        "free disk space, fix the folder's permissions, or remove it: it is made anew",
    )


def _begin(path: Path) -> None:
    """Make the repository where there is none, or one whose making a crash of the machine has cut off."""
    head = path / "HEAD"
    if head.exists() and head.stat().st_size:
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in ("HEAD", "config"):
        (path / name).unlink(missing_ok=True)
    pygit2.init_repository(str(path), bare=True)
    sync_system(path)


def _configure(repo: pygit2.Repository) -> None:
    for key, value in _CONFIG.items():
        if key not in repo.config:
            repo.config[key] = value


def _remove_locks(path: Path) -> None:
    """Take away the locks of a process that died while it moved a ref: nobody else would, and no ref could move again.

    The repository is the server's own, and one server owns it, so no lock that is met here is anybody's.
    """
    for lock in (*path.glob("*.lock"), *(path / "refs").rglob("*.lock")):
        lock.unlink(missing_ok=True)


def tree_of(repo: pygit2.Repository, commit: str) -> bytes:
    """The raw id of a commit's tree. Raises WorkspaceError `no_such_commit`."""
    try:
        return repo[commit].peel(pygit2.Commit).tree_id.raw
    except (KeyError, ValueError, pygit2.GitError) as error:
        raise WorkspaceError(
            "no_such_commit",
            f"commit {commit!r} is not in the shadow repository",
            "retention has dropped it, or the state directory was removed or is another one; start a new mission",
        ) from error


def write_commit(repo: pygit2.Repository, tree: bytes, message: str, parents: Sequence[str]) -> str:
    """Write a commit with the fixed author and time; returns its hex id."""
    author = signature()
    oid = repo.create_commit(None, author, author, message, pygit2.Oid(raw=tree), [pygit2.Oid(hex=p) for p in parents])
    return str(oid)
