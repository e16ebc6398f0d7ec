"""Path confinement: why a path may not be written, and file access that can't leave a folder."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Collection, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from orchestrator.domain import plan
from orchestrator.ports.workspace import WorkspaceError
from orchestrator.workspace.atomic import temp_name, write_new
from orchestrator.workspace.descent import Descent
from orchestrator.workspace.names import has_git_name

MAX_READ_BYTES: Final = 100 * 1024 * 1024
EntryKind = Literal["file", "folder", "symlink", "other"]


def path_problem(root: str, path: str) -> str | None:
    """Why a relative path may not be written below `root`, or None.

    Beyond the rules of a plan: no component is a spelling of `.git`; no folder on the way is a symlink and, where the
    disk ignores case, none is spelled otherwise there (two names for one file would give it two owners); the entry
    itself is no symlink that leads out of the root.
    """
    if reason := plan.path_problem(path):
        return reason
    if has_git_name(path):
        return "is inside .git, in another spelling"
    parts = path.rstrip("/").split("/")
    here = root
    for index, part in enumerate(parts):
        here = f"{here}/{part}"
        try:
            mode = os.lstat(here).st_mode
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            return f"can't be looked at: {error}"
        if stat.S_ISLNK(mode) and (reason := _link_problem(root, here, is_last=index == len(parts) - 1)):
            return reason
        if _ignores_case(here) and (real := other_spelling(_names_beside(here), part)):
            return f"is called {'/'.join([*parts[:index], real])} on this disk, which takes both for one file"
    return None


def _ignores_case(path: str) -> bool:
    """Whether an existing entry is found under its name in other letters too."""
    folder, name = os.path.split(path)
    other = name.swapcase()
    try:
        return other != name and os.path.samestat(os.lstat(f"{folder}/{other}"), os.lstat(path))
    except OSError:
        return False


def _names_beside(path: str) -> list[str]:
    with os.scandir(os.path.split(path)[0]) as entries:
        return [entry.name for entry in entries]


def other_spelling(names: Collection[str], name: str) -> str | None:
    """How a folder that takes names alike in other letters or other Unicode forms spells one; None when as given."""
    if name in names:
        return None
    return next((other for other in names if _folded(other) == _folded(name)), None)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _link_problem(root: str, link: str, *, is_last: bool) -> str | None:
    shown = os.path.relpath(link, root)
    if not leads_inside(root, link):
        return f"leads out of the workspace: {shown} is a symlink to {os.readlink(link)}"  # noqa: PTH115 - str paths
    if not is_last:
        return f"goes through the symlink {shown}; name {os.path.relpath(os.path.realpath(link), root)} instead"
    return None


def leads_inside(root: str, link: str) -> bool:
    """Whether a symlink, followed to its end, stays below `root` (an absolute path)."""
    real_root = os.path.realpath(root)
    target = os.path.realpath(link)
    return target == real_root or target.startswith(real_root + "/")


@dataclass(frozen=True, slots=True)
class ConfinedEntry:
    """One entry of a folder; `size_bytes` and `mode` (permission bits) are those of the entry itself."""

    name: str
    kind: EntryKind
    size_bytes: int
    mode: int


class ConfinedRoot:
    """File access below one folder, by relative path. No symlink is ever followed, on the way or at the end.

    Every method raises WorkspaceError: `bad_path`, `outside_workspace` (a symlink on the way), `is_symlink` (the entry
    itself), `no_such_file`, `not_a_file`, `not_a_folder`, `file_too_large`, `file_unreadable`, `file_unwritable`.
    All methods block: call them in a thread. They may be called from several threads.
    """

    def __init__(self, root: str | Path) -> None:
        """Confine to `root`, which must exist when a method is called."""
        self.root = os.path.realpath(root)

    def read(self, path: str, *, max_bytes: int = MAX_READ_BYTES) -> bytes:
        """The content of a regular file."""
        with self._parent(path, "file_unreadable") as (folder, name):
            # O_NONBLOCK: opening a FIFO must not wait for a writer.
            handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
            with os.fdopen(handle, "rb") as file:
                status = os.fstat(handle)
                if not stat.S_ISREG(status.st_mode):
                    raise WorkspaceError("not_a_file", f"{path!r} is not a regular file", "name a file")
                data = file.read(max_bytes + 1)
        if len(data) > max_bytes:
            raise WorkspaceError("file_too_large", f"{path!r} is larger than {max_bytes:,} bytes", "read a part of it")
        return data

    def read_link(self, path: str) -> str:
        """The text of a symlink."""
        with self._parent(path, "file_unreadable") as (folder, name):
            return os.readlink(name, dir_fd=folder)

    def stat(self, path: str) -> os.stat_result | None:
        """Lstat of an entry, None when there is none."""
        try:
            with self._parent(path, "file_unreadable") as (folder, name):
                return os.stat(name, dir_fd=folder, follow_symlinks=False)
        except WorkspaceError as error:
            if error.code in {"no_such_file", "not_a_folder"}:
                return None
            raise

    def write(self, path: str, data: bytes, mode: int | None = None) -> None:
        """Create or replace a regular file in one step; missing folders are made.

        `mode` holds permission bits; None keeps those of the file that is replaced, or takes the usual ones for a new
        file. A symlink at the path is refused (`is_symlink`), never written through.
        """
        with self._parent(path, "file_unwritable", is_made=True) as (folder, name):
            old = _entry_mode(folder, name)
            if old is not None and stat.S_ISLNK(old):
                raise _is_symlink(path, os.readlink(name, dir_fd=folder))
            if old is not None and not stat.S_ISREG(old):
                raise WorkspaceError("not_a_file", f"{path!r} is not a regular file", "choose another path")
            bits = stat.S_IMODE(old) if mode is None and old is not None else mode
            temp = temp_name()
            write_new(folder, temp, data, 0o666 if bits is None else bits, is_exact=bits is not None)
            try:
                os.rename(temp, name, src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                os.unlink(temp, dir_fd=folder)
                raise

    def delete(self, path: str) -> None:
        """Remove a file or a symlink (not what it points to), not a folder. Folders stay."""
        with self._parent(path, "file_unwritable") as (folder, name):
            os.unlink(name, dir_fd=folder)

    def list(self, path: str = "") -> list[ConfinedEntry]:
        """The entries of a folder ("" is the root), by name."""
        with self._errors(path, "file_unreadable"), Descent(self.root) as descent:
            folder = descent.folder(_parts(path) if path else [])
            handle = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder)
            try:
                with os.scandir(handle) as entries:
                    found = [_describe(entry.name, entry.stat(follow_symlinks=False)) for entry in entries]
            finally:
                os.close(handle)
        return sorted(found, key=lambda entry: entry.name)

    @contextmanager
    def _parent(self, path: str, code: str, *, is_made: bool = False) -> Generator[tuple[int, str], None, None]:
        _parts(path)
        with self._errors(path, code), Descent(self.root) as descent:
            yield descent.parent(path, is_made=is_made)

    @contextmanager
    def _errors(self, path: str, code: str) -> Generator[None, None, None]:
        try:
            yield
        except FileNotFoundError:
            raise WorkspaceError(
                "no_such_file", f"there is no {path!r}", "list the folder to see what exists"
            ) from None
        except NotADirectoryError:
            raise WorkspaceError("not_a_folder", f"a part of {path!r} is not a folder", "check the path") from None
        except IsADirectoryError:
            raise WorkspaceError("not_a_file", f"{path!r} is a folder", "name a file") from None
        except OSError as error:
            self._link_refused(path, error)
            raise WorkspaceError(code, f"{path!r}: {error.strerror}", "check permissions and free space") from error

    def _link_refused(self, path: str, error: OSError) -> None:
        link = f"{self.root}/{path}"
        if Path(link).is_symlink():
            raise _is_symlink(path, os.readlink(link)) from error  # noqa: PTH115 - str paths


def _is_symlink(path: str, target: str) -> WorkspaceError:
    return WorkspaceError("is_symlink", f"{path!r} is a symlink to {target!r}", "use the path that it stands for")


def _parts(path: str) -> list[str]:
    parts = path.rstrip("/").split("/")
    if not path or path.startswith("/") or "\0" in path or any(part in {"", ".", ".."} for part in parts):
        raise WorkspaceError("bad_path", f"{path!r} is not a path below the folder", "use a relative path without '..'")
    if has_git_name(path):
        raise WorkspaceError("bad_path", f"{path!r} is inside .git", "git's own files are out of reach")
    return parts


def _entry_mode(folder: int, name: str) -> int | None:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return None


def _describe(name: str, status: os.stat_result) -> ConfinedEntry:
    kind: EntryKind = "other"
    if stat.S_ISREG(status.st_mode):
        kind = "file"
    elif stat.S_ISDIR(status.st_mode):
        kind = "folder"
    elif stat.S_ISLNK(status.st_mode):
        kind = "symlink"
    return ConfinedEntry(name, kind, status.st_size, stat.S_IMODE(status.st_mode))
