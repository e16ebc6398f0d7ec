"""Bringing changes into the user's folder: all or nothing, and never over what the user changed.

Each step swaps the new content in and then looks at what it swapped out: if that is not the base, it is swapped back.
So not even an edit made in the moment of delivery is lost.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import msgspec
import pygit2

from orchestrator.ports.workspace import WorkspaceError
from orchestrator.workspace import atomic
from orchestrator.workspace.atomic import temp_name, write_new
from orchestrator.workspace.content import entry_on_disk
from orchestrator.workspace.descent import Descent
from orchestrator.workspace.lasting import sync_system
from orchestrator.workspace.scan import scan_names
from orchestrator.workspace.trees import EXECUTABLE, LINK, Delta, Entry, folders_of

_UNFINISHED: Final = ".part"
"""Ends the name of a temporary file that is still being written."""


class UserChangedError(Exception):
    """A path does not hold the base content any more."""

    def __init__(self, path: str) -> None:
        """Name the path."""
        super().__init__(path)
        self.path = path


class Rights(msgspec.Struct, frozen=True):
    """Permission bits, owner and group of a file."""

    mode: int
    uid: int
    gid: int


class Before(msgspec.Struct, frozen=True):
    """What a tree does not say of the user's files, noted before a delivery for the one who has to take it back.

    `rights` are those of the files that the delivery replaces or deletes; `missing` are the folders that it makes.
    """

    rights: dict[str, Rights] = {}
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Done:
    """A step that was taken: the path, what was there before and after, and its rights before."""

    path: str
    before: Entry | None
    after: Entry | None
    rights: Rights | None


@dataclass(slots=True)
class Application:
    """One delivery into `root`. Blocking. `token` marks temporary files, so that a later process finds them.

    `stuck` names, after a failed `run`, the paths that could not be put back.
    """

    repo: pygit2.Repository
    root: str
    changes: Mapping[str, Delta]
    token: str = ""
    stuck: tuple[str, ...] = ()
    _done: list[_Done] = field(default_factory=list[_Done])
    _ready: dict[str, str] = field(default_factory=dict[str, str])
    _made: list[str] = field(default_factory=list[str])

    def kept_back(self) -> tuple[str, ...]:
        """Paths that differ from the base by now (none: `run` may be called). Reads, writes nothing."""
        with Descent(self.root) as descent:
            return tuple(path for path, (old, _) in self.changes.items() if not self._holds(descent, path, old))

    def already_made(self) -> tuple[str, ...]:
        """Paths that hold the new content by now, as after an earlier delivery. Reads, writes nothing."""
        with Descent(self.root) as descent:
            return tuple(path for path, (_, new) in self.changes.items() if self._holds(descent, path, new))

    def run(self) -> None:
        """Make every change. On any error what was done is undone, then it is raised (UserChangedError, OSError)."""
        try:
            with Descent(self.root) as descent:
                self._write_ahead(descent)
                self._take_steps(descent, self._order())
        except (OSError, WorkspaceError, UserChangedError):
            self.stuck = self.undo()
            raise
        self._remove_emptied()
        sync_system(self.root)

    def _write_ahead(self, descent: Descent) -> None:
        """Write the new files beside the old ones and make them last: no power cut finds a name without its content.

        Where a folder is missing yet, `_write` does it one by one.
        """
        for path, (old, new) in sorted(self.changes.items()):
            if new is None or new.mode == LINK:
                continue
            with suppress(FileNotFoundError, NotADirectoryError, WorkspaceError):
                parent, name = descent.parent(path)
                like = None
                if old is not None:
                    like = _rights(os.stat(name, dir_fd=parent, follow_symlinks=False))
                unfinished = f"{temp_name(self.token)}{_UNFINISHED}"
                self._write_file(parent, unfinished, new, like)
                self._ready[path] = unfinished
        if self._ready:
            sync_system(self.root)

    def _drop_ready(self, descent: Descent) -> None:
        """Remove what was written ahead and not used."""
        while self._ready:
            path, unfinished = self._ready.popitem()
            descent.reset()
            with suppress(OSError, WorkspaceError):
                os.unlink(unfinished, dir_fd=descent.parent(path)[0])

    def before(self) -> Before:
        """What `recover` will have to know. Reads, writes nothing."""
        rights: dict[str, Rights] = {}
        with Descent(self.root) as descent:
            for path, (old, _) in self.changes.items():
                if old is not None:
                    with suppress(OSError, WorkspaceError):  # `run` will say what is wrong with it.
                        parent, name = descent.parent(path)
                        rights[path] = _rights(os.stat(name, dir_fd=parent, follow_symlinks=False))
        made = folders_of({path: None for path, (_, new) in self.changes.items() if new is not None})
        missing = [folder for folder in sorted(made) if not _is_folder(f"{self.root}/{folder}")]
        return Before(rights, tuple(missing))

    def undo(self) -> tuple[str, ...]:
        """Put back what was there before the steps taken so far; paths that could not be put back."""
        failed: list[str] = []
        with Descent(self.root) as descent:
            self._drop_ready(descent)
            while self._done:
                step = self._done.pop()
                try:
                    descent.reset()
                    if step.after is None:
                        self._clear_folder(descent, step.path)
                        descent.reset()
                    self._swap(descent, step.path, step.after, step.before, step.rights)
                except (OSError, WorkspaceError, UserChangedError):
                    failed.append(step.path)
            while self._made:
                descent.reset()
                with suppress(OSError, WorkspaceError):  # The user put something into it meanwhile: it stays.
                    parent, name = descent.parent(self._made.pop())
                    os.rmdir(name, dir_fd=parent)
        sync_system(self.root)
        return tuple(failed)

    def _order(self) -> list[str]:
        """Deletions first, so that what they free can be used."""
        return sorted(self.changes, key=lambda path: (self.changes[path][1] is not None, path))

    def _take_steps(self, descent: Descent, order: list[str]) -> None:
        """Take the steps, deletions first; a folder that gives way to a file is removed once it is empty."""
        for path in order:
            old, new = self.changes[path]
            descent.reset()  # A folder could have been moved away since the last step.
            if new is not None:
                self._make_parents(descent, path)
            if new is not None and old is None:
                self._clear_folder(descent, path)
            rights = self._swap(descent, path, old, new, None)
            self._done.append(_Done(path, old, new, rights))

    def recover(self, before: Before) -> tuple[str, ...]:
        """Undo what a dead process had done; paths that could not be put back, and leftovers of unknown content."""
        self._made.extend(before.missing)
        with Descent(self.root) as descent:
            for path in self._order():
                old, new = self.changes[path]
                if self._is_taken(descent, path, old, new):
                    self._done.append(_Done(path, old, new, before.rights.get(path)))
            ours = {entry for delta in self.changes.values() for entry in delta}
            folders = ["", *sorted(folders_of(self.changes))]
            left = [path for folder in folders for path in self._sweep(descent, folder, ours)]
        return (*self.undo(), *left)

    def _sweep(self, descent: Descent, folder: str, ours: set[Entry | None]) -> list[str]:
        """Remove our temporary files from a folder; those whose content is neither base nor result stay."""
        left: list[str] = []
        prefix = f"{atomic.TEMP_PREFIX}{self.token}"
        with suppress(FileNotFoundError, NotADirectoryError):
            for name in os.listdir(f"{self.root}/{folder}"):  # noqa: PTH208 - str paths
                path = f"{folder}/{name}".lstrip("/")
                if not name.startswith(prefix):
                    continue
                if name.endswith(_UNFINISHED) or entry_on_disk(*descent.parent(path), path) in ours:
                    parent, last = descent.parent(path)
                    os.unlink(last, dir_fd=parent)
                else:
                    left.append(path)
        return left

    def _is_taken(self, descent: Descent, path: str, old: Entry | None, new: Entry | None) -> bool:
        """Whether a dead process had taken the step at this path."""
        if new is None and _is_folder(f"{self.root}/{path}"):
            return self._is_folder_of_ours(path)
        if new is None and any(_becomes_file(self.changes, folder) for folder in folders_of({path: None})):
            # Where its folder was, the same delivery puts a file; it may have come that far.
            return not self._holds(descent, path, old)
        return self._holds(descent, path, new) and not self._holds(descent, path, old)

    def _is_folder_of_ours(self, path: str) -> bool:
        """Whether the same delivery makes a folder where it deletes a file."""
        return any(other.startswith(f"{path}/") and new is not None for other, (_, new) in self.changes.items())

    def _holds(self, descent: Descent, path: str, old: Entry | None) -> bool:
        """Whether a path holds an entry; for None: whether it is free, or given free by this delivery."""
        try:
            parent, name = descent.parent(path)
            status = os.stat(name, dir_fd=parent, follow_symlinks=False)
        except FileNotFoundError:
            return old is None
        except (NotADirectoryError, WorkspaceError):
            return old is None and self._is_given_way(path)
        if old is None:
            return stat.S_ISDIR(status.st_mode) and self._holds_only_deleted(path)
        try:
            return entry_on_disk(parent, name, path) == old
        except (OSError, WorkspaceError):
            return False

    def _is_given_way(self, path: str) -> bool:
        """Whether a file or link that is in the way of a new folder is deleted by the same delivery."""
        return any(self.changes.get(folder, (None, None))[0] is not None for folder in folders_of({path: None}))

    def _holds_only_deleted(self, path: str) -> bool:
        inside = scan_names(f"{self.root}/{path}")
        return all((delta := self.changes.get(f"{path}/{name}")) and delta[1] is None for name in inside)

    def _make_parents(self, descent: Descent, path: str) -> None:
        for folder in sorted(folders_of({path: None})):
            parent, name = descent.parent(folder)
            with suppress(FileExistsError):
                os.mkdir(name, 0o777, dir_fd=parent)
                self._made.append(folder)

    def _clear_folder(self, descent: Descent, path: str) -> None:
        """Remove the empty folders at a path that is to become a file."""
        folder = f"{self.root}/{path}"
        try:
            parent, name = descent.parent(path)
            if not stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
                return
        except FileNotFoundError:
            return
        for below, _, _ in os.walk(folder, topdown=False):
            inside, last = descent.parent(os.path.relpath(below, self.root))
            os.rmdir(last, dir_fd=inside)

    def _swap(
        self, descent: Descent, path: str, old: Entry | None, new: Entry | None, like: Rights | None
    ) -> Rights | None:
        """From `old` to `new` at a path; the rights of what was there. UserChangedError when it was not `old`."""
        parent, name = descent.parent(path, is_made=True)
        if old is None and new is not None:
            self._create(parent, name, path, new, like)
            return None
        if old is None:
            return None
        rights = _rights(_status_of_base(parent, name, path, old))
        aside = temp_name(self.token)
        if new is None:
            os.rename(name, aside, src_dir_fd=parent, dst_dir_fd=parent)
        else:
            self._write(parent, aside, path, new, like or rights)
            try:
                if not atomic.exchange(parent, aside, name):
                    os.rename(aside, name, src_dir_fd=parent, dst_dir_fd=parent)
                    return rights
            except OSError:
                os.unlink(aside, dir_fd=parent)
                raise
        self._accept(parent, name, aside, path, old, is_deletion=new is None)
        return rights

    def _accept(self, parent: int, name: str, aside: str, path: str, old: Entry, *, is_deletion: bool) -> None:
        """Drop what was swapped out if it is the base, else put it back."""
        try:
            is_base = entry_on_disk(parent, aside, path) == old
        except (OSError, WorkspaceError):
            is_base = False
        if is_base:
            os.unlink(aside, dir_fd=parent)
            return
        if is_deletion:
            atomic.move_new(parent, aside, name)
        else:
            atomic.exchange(parent, aside, name)
            os.unlink(aside, dir_fd=parent)
        raise UserChangedError(path)

    def _create(self, parent: int, name: str, path: str, new: Entry, like: Rights | None) -> None:
        temp = temp_name(self.token)
        self._write(parent, temp, path, new, like)
        try:
            atomic.move_new(parent, temp, name)
        except FileExistsError:
            os.unlink(temp, dir_fd=parent)
            raise UserChangedError(path) from None
        except OSError:
            os.unlink(temp, dir_fd=parent)
            raise

    def _write(self, parent: int, name: str, path: str, entry: Entry, like: Rights | None) -> None:
        """Write the entry of a path under a new name, with the rights of what it replaces.

        It has that name only once it is whole: what a crash leaves under it is the mission's or the user's content.
        """
        if entry.mode == LINK:
            os.symlink(os.fsdecode(self._data(entry)), name, dir_fd=parent)
            return
        unfinished = self._ready.pop(path, "")
        if not unfinished:
            unfinished = f"{name}{_UNFINISHED}"
            self._write_file(parent, unfinished, entry, like, is_synced=True)
        os.rename(unfinished, name, src_dir_fd=parent, dst_dir_fd=parent)

    def _write_file(
        self, parent: int, name: str, entry: Entry, like: Rights | None, *, is_synced: bool = False
    ) -> None:
        data, is_executable = self._data(entry), entry.mode == EXECUTABLE
        if like is None or not stat.S_ISREG(like.mode):
            write_new(parent, name, data, 0o777 if is_executable else 0o666, is_synced=is_synced)
            return
        bits = _bits(like.mode, is_executable=is_executable)
        write_new(parent, name, data, bits, is_exact=True, is_synced=is_synced)
        if (like.uid, like.gid) != (os.geteuid(), os.getegid()):
            with suppress(PermissionError):  # Only root may give files away; then they are ours, as with any editor.
                os.chown(name, like.uid, like.gid, dir_fd=parent, follow_symlinks=False)

    def _data(self, entry: Entry) -> bytes:
        return self.repo.odb.read(pygit2.Oid(raw=entry.oid))[1]

    def _remove_emptied(self) -> None:
        """Remove the folders that lost their last file to this delivery."""
        gone = folders_of({path: None for path, (_, new) in self.changes.items() if new is None})
        kept = folders_of({path: None for path, (_, new) in self.changes.items() if new is not None})
        with Descent(self.root) as descent:
            for folder in sorted(gone - kept, reverse=True):
                # Not empty: the base or the user has other files in it. Gone: a step removed it already.
                with suppress(OSError, WorkspaceError):
                    parent, name = descent.parent(folder)
                    os.rmdir(name, dir_fd=parent)


def _becomes_file(changes: Mapping[str, Delta], folder: str) -> bool:
    """Whether a delivery puts a file where this folder is."""
    return folder in changes and changes[folder][1] is not None


def _rights(status: os.stat_result) -> Rights:
    return Rights(status.st_mode, status.st_uid, status.st_gid)


def _is_folder(path: str) -> bool:
    return os.path.isdir(path) and not os.path.islink(path)  # noqa: PTH112, PTH114 - str paths


def _status_of_base(parent: int, name: str, path: str, old: Entry) -> os.stat_result:
    try:
        status = os.stat(name, dir_fd=parent, follow_symlinks=False)
        if entry_on_disk(parent, name, path) == old:
            return status
    except (FileNotFoundError, WorkspaceError):
        pass
    raise UserChangedError(path)


def _bits(mode: int, *, is_executable: bool) -> int:
    bits = stat.S_IMODE(mode)
    return bits | (bits & 0o444) >> 2 if is_executable else bits & ~0o111
