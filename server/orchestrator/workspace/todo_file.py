"""`.opencode/todo.md`: written whole, never through a symlink, and never over what a person saved in that moment."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from orchestrator.config.places import TODO_NAME, fresh_name
from orchestrator.ports.todo import TodoPair
from orchestrator.ports.workspace import WorkspaceError
from orchestrator.workspace.atomic import exchange, write_new
from orchestrator.workspace.bounded import keep_newest
from orchestrator.workspace.lasting import sync_path

MAX_TODO_BYTES: Final = 8 * 1024 * 1024
"""A larger file is not read as edits."""
_FRESH: Final = fresh_name(TODO_NAME).rpartition("/")[2]
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_BASE: Final = "todo.base"
_NEXT: Final = "todo.next"
_KEPT: Final = "todo-kept"
MAX_KEPT_FILES: Final = 100
MAX_KEPT_BYTES: Final = 64 * 1024 * 1024


class WorkspaceTodo:
    """Implements `ports.todo.TodoFile` for one workspace. `state` is the workspace's state directory.

    A file that the server did not write is copied there (`todo-kept/`) before it is replaced; the newest copies stay.
    """

    def __init__(self, root: Path, state: Path) -> None:
        """`root` is the real path of the workspace."""
        self._root = root
        self._folder, _, self._name = TODO_NAME.rpartition("/")
        self._base = state / _BASE
        self._next = state / _NEXT
        self._kept = state / _KEPT

    def stamp(self) -> tuple[int, int, int]:
        """Inode, size and time of change; zeros without a file."""
        try:
            found = (self._root / TODO_NAME).lstat()
        except OSError:
            return (0, 0, 0)
        return (found.st_ino, found.st_size, found.st_mtime_ns)

    def read(self) -> TodoPair:
        """What stands there, and what the server wrote last."""
        try:
            with self._opened() as folder:
                self._mend(folder)
                now = _content(folder, self._name)
            self._settle_own(now)
            return TodoPair(now, _text(self._base))
        except OSError as error:
            raise self._unwritable(error) from error

    def write(self, text: str, expected: str | None) -> str | None:
        """Swap the new text in and look at what came out; what a person saved meanwhile is put back."""
        content = text.encode("utf-8", "replace")
        try:
            with self._opened() as folder:
                self._refuse_unless_plain(folder)
                self._mend(folder)
                self._next.write_bytes(content)
                write_new(folder, _FRESH, content, 0o644, is_synced=True)
                return self._swap(folder, content.decode(), expected)
        except OSError as error:
            raise self._unwritable(error) from error

    def settle(self, text: str) -> None:
        """Remember the text as what the server wrote last."""
        try:
            self._next.write_text(text, encoding="utf-8", errors="replace")
            self._next.replace(self._base)
        except OSError as error:
            raise self._unwritable(error) from error

    def _settle_own(self, now: str | None) -> None:
        """A sync that ended between `write` and `settle` put in what `todo.next` says: that is no person's edit."""
        if now is not None and now == _text(self._next):
            self._next.replace(self._base)

    def _mend(self, folder: int) -> None:
        """Finish what a server that died in `write` left: a swap is taken back, for nobody has read what came out.

        `todo.next` says which text was going in. A stray that begins it never got there, and is dropped.
        """
        stray = _content(folder, _FRESH)
        if stray is None:
            with suppress(FileNotFoundError):
                os.unlink(_FRESH, dir_fd=folder)
            return
        going_in = _text(self._next) or ""
        is_swapped_out = not going_in.startswith(stray)
        is_newest = is_swapped_out and _content(folder, self._name) == going_in
        if is_newest and exchange(folder, _FRESH, self._name):
            is_swapped_out = False
        if is_swapped_out:
            self._keep(stray)  # The person has saved once more since: both stay.
        os.unlink(_FRESH, dir_fd=folder)

    def _swap(self, folder: int, text: str, expected: str | None) -> str | None:
        try:
            is_swapped = exchange(folder, _FRESH, self._name)
        except FileNotFoundError:
            is_swapped = False
        if not is_swapped:
            os.replace(_FRESH, self._name, src_dir_fd=folder, dst_dir_fd=folder)
            return None
        before = _content(folder, _FRESH)
        if before is not None and before != expected:
            self._swap_back(folder, text, before)
            return before
        if expected is not None and not self._base.exists():
            self._keep(expected)
        os.unlink(_FRESH, dir_fd=folder)
        return None

    def _swap_back(self, folder: int, text: str, before: str) -> None:
        """Put back what a person saved: until its edits are in the journal, it stands nowhere else."""
        exchange(folder, _FRESH, self._name)
        if _content(folder, _FRESH) != text:
            exchange(folder, _FRESH, self._name)  # They saved once more in between: that stays, the other is kept.
            self._keep(before)
        os.unlink(_FRESH, dir_fd=folder)

    def _keep(self, text: str) -> None:
        self._kept.mkdir(parents=True, exist_ok=True, mode=0o700)
        content = text.encode("utf-8", "replace")
        path = self._kept / f"{hashlib.sha256(content).hexdigest()[:16]}.md"
        path.write_bytes(content)
        sync_path(path)
        keep_newest(self._kept, path, max_files=MAX_KEPT_FILES, max_bytes=MAX_KEPT_BYTES)
        sync_path(self._kept)

    @contextmanager
    def _opened(self) -> Generator[int]:
        root = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            with suppress(FileExistsError):
                os.mkdir(self._folder, 0o755, dir_fd=root)
            if not stat.S_ISDIR(os.stat(self._folder, dir_fd=root, follow_symlinks=False).st_mode):
                raise _refusal(self._root / self._folder, "is a symlink or no folder")
            folder = os.open(self._folder, _FOLDER, dir_fd=root)
        finally:
            os.close(root)
        try:
            yield folder
        finally:
            os.close(folder)

    def _refuse_unless_plain(self, folder: int) -> None:
        with suppress(FileNotFoundError):
            mode = os.stat(self._name, dir_fd=folder, follow_symlinks=False).st_mode
            if not stat.S_ISREG(mode):
                raise _refusal(self._root / TODO_NAME, "is a symlink or no plain file")

    def _unwritable(self, error: OSError) -> WorkspaceError:
        path = self._root / TODO_NAME
        return WorkspaceError(
            "projection_unwritable", f"can't write {path}: {error.strerror}", "the mission is not affected"
        )


def _content(folder: int, name: str) -> str | None:
    """The text of a plain file; None when there is none, it is none, or it is too large to be a list of tasks."""
    try:
        handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, dir_fd=folder)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        content = file.read(MAX_TODO_BYTES + 1)
    return content.decode("utf-8", "replace") if len(content) <= MAX_TODO_BYTES else None


def _text(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return None


def _refusal(path: Path, problem: str) -> WorkspaceError:
    return WorkspaceError(
        "projection_refused",
        f"{path} {problem}; nothing is written through it",
        "replace it by a plain folder or file, or remove it",
    )
