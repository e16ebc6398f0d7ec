"""`.opencode/summary.md`, for people: written whole, never through a symlink."""

from __future__ import annotations

import os
import stat
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from orchestrator.config.places import SUMMARY_NAME, fresh_name
from orchestrator.domain.mission import Mission
from orchestrator.journal.faults import translate
from orchestrator.journal.files import write_all
from orchestrator.journal.page import render_page
from orchestrator.journal.summary import render_summary
from orchestrator.ports.journal import JournalError, Recorded
from orchestrator.ports.projection import Projection

MAX_PROJECTION_BYTES = 8 * 1024 * 1024
_CUT = "\n\n(Cut here: the file would be larger than 8 MiB.)\n"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class WorkspaceProjection(Projection):
    """Writes `summary.md` of one workspace.

    It can be made anew from the journal at any time, so it is replaced atomically but not synced.
    """

    def __init__(self, workspace: Path) -> None:
        """`workspace` is the real path of the workspace's root."""
        self._workspace = workspace

    def write_summary(self, mission: Mission, recorded: Sequence[Recorded]) -> None:
        """Replace `.opencode/summary.md`.

        Raises JournalError `projection_refused`, `projection_unwritable` or `disk_full`.
        """
        self._write(SUMMARY_NAME, render_summary(mission, recorded))

    def summary(self, mission: Mission, recorded: Sequence[Recorded]) -> str:
        """The summary's text alone."""
        return render_summary(mission, recorded)

    def page(self, mission: Mission, recorded: Sequence[Recorded]) -> str:
        """The same as one HTML file that loads nothing and runs nothing."""
        return render_page(mission, recorded)

    def _write(self, name: str, text: str) -> None:
        folder, _, file = name.rpartition("/")
        content = _bounded(text.encode("utf-8", "replace"))
        path = self._workspace / name
        try:
            with self._opened(folder) as fd:
                _refuse_unless_plain(fd, file, path)
                _replace(fd, file, content)
        except OSError as error:
            fault = translate(error, path, "write")
            code = fault.code if fault.code == "disk_full" else "projection_unwritable"
            raise JournalError(code, f"can't write {path}: {error.strerror}", "the mission is not affected") from error

    @contextmanager
    def _opened(self, folder: str) -> Generator[int]:
        root = os.open(self._workspace, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            with suppress(FileExistsError):
                os.mkdir(folder, 0o755, dir_fd=root)
            if not stat.S_ISDIR(os.stat(folder, dir_fd=root, follow_symlinks=False).st_mode):
                raise _refusal(self._workspace / folder, "is a symlink or no folder")
            fd = os.open(folder, _FOLDER, dir_fd=root)
        finally:
            os.close(root)
        try:
            yield fd
        finally:
            os.close(fd)


def _refuse_unless_plain(folder_fd: int, file: str, path: Path) -> None:
    try:
        mode = os.stat(file, dir_fd=folder_fd, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        raise _refusal(path, "is a symlink or no plain file")


def _replace(folder_fd: int, file: str, content: bytes) -> None:
    fresh = fresh_name(file)
    with suppress(FileNotFoundError):
        os.unlink(fresh, dir_fd=folder_fd)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(fresh, flags, 0o644, dir_fd=folder_fd)
    try:
        write_all(fd, content)
    finally:
        os.close(fd)
    os.replace(fresh, file, src_dir_fd=folder_fd, dst_dir_fd=folder_fd)


def _bounded(content: bytes) -> bytes:
    if len(content) <= MAX_PROJECTION_BYTES:
        return content
    notice = _CUT.encode("utf-8")
    kept = content[: MAX_PROJECTION_BYTES - len(notice)]
    return kept.decode("utf-8", "ignore").encode("utf-8") + notice


def _refusal(path: Path, problem: str) -> JournalError:
    return JournalError(
        "projection_refused",
        f"{path} {problem}; nothing is written through it",
        "replace it by a plain folder or file, or remove it",
    )
