"""Going down a folder tree by file descriptors, so that no component can be a symlink, even one put there meanwhile."""

from __future__ import annotations

import os
import stat
from types import TracebackType
from typing import Final, Self

from orchestrator.ports.workspace import WorkspaceError

_FLAGS: Final = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Descent:
    """Open folders from a root down to one folder. Moving to another keeps what both paths share.

    Not for use by two threads at a time. Close it, or use it in a `with` block.
    """

    def __init__(self, root: str) -> None:
        """Open the root. OSError when that fails."""
        self._root = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self._parts: list[str] = []
        self._fds: list[int] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every folder."""
        self.reset()
        if self._root >= 0:
            os.close(self._root)
            self._root = -1

    def reset(self) -> None:
        """Go back to the root; the next move opens every folder anew."""
        while self._fds:
            os.close(self._fds.pop())
        self._parts.clear()

    def parent(self, path: str, *, is_made: bool = False) -> tuple[int, str]:
        """Descriptor of the folder that holds `path`, and the last component. The descriptor stays ours.

        With `is_made` missing folders are created. Raises WorkspaceError `outside_workspace` for a symlink on the way,
        OSError (FileNotFoundError, NotADirectoryError) otherwise.
        """
        *folders, name = path.split("/")
        return self.folder(folders, is_made=is_made), name

    def folder(self, parts: list[str], *, is_made: bool = False) -> int:
        """Descriptor of a folder by its components. Errors as for `parent`."""
        if parts == self._parts:
            return self._fds[-1] if self._fds else self._root
        shared = 0
        while shared < min(len(parts), len(self._parts)) and parts[shared] == self._parts[shared]:
            shared += 1
        while len(self._fds) > shared:
            os.close(self._fds.pop())
            self._parts.pop()
        for part in parts[shared:]:
            here = self._fds[-1] if self._fds else self._root
            self._fds.append(self._enter(here, part, is_made=is_made))
            self._parts.append(part)
        return self._fds[-1] if self._fds else self._root

    def _enter(self, here: int, part: str, *, is_made: bool) -> int:
        try:
            return os.open(part, _FLAGS, dir_fd=here)
        except FileNotFoundError:
            if not is_made:
                raise
            os.mkdir(part, 0o777, dir_fd=here)
            return os.open(part, _FLAGS, dir_fd=here)
        except NotADirectoryError:
            if is_symlink(here, part):
                raise symlink_error("/".join([*self._parts, part])) from None
            raise


def is_symlink(folder: int, name: str) -> bool:
    """Whether an entry of an open folder is a symlink."""
    try:
        return stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return False


def symlink_error(path: str) -> WorkspaceError:
    """What is raised when a folder on the way is a symlink."""
    return WorkspaceError(
        "outside_workspace",
        f"{path!r} is a symlink; paths never go through one",
        "name the path that the symlink stands for, if it lies in the workspace",
    )
