"""The bench of one session: its worktree, its write set and what a tool needs to act there."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.domain.plan import SCRATCH, is_scratch, outside, path_problem
from orchestrator.domain.receipt import Check
from orchestrator.ports.host import ToolError
from orchestrator.ports.jobs import JobOwner, Jobs
from orchestrator.ports.launcher import Launcher
from orchestrator.tools.documents import Documents
from orchestrator.tools.index import Symbols
from orchestrator.tools.limits import MAX_FILE_BYTES
from orchestrator.workspace.confine import ConfinedRoot


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything that the tools of one session share. `root` is the absolute real path of the worktree.

    `jobs` and `owner` are there for sessions that may start background jobs; `checks` are the commands that will judge
    the work; `documents` is there where the user allows sessions to fetch pages.
    """

    root: str
    files: ConfinedRoot
    write_set: tuple[str, ...]
    launcher: Launcher
    environment: Mapping[str, str]
    symbols: Symbols
    jobs: Jobs | None = None
    owner: JobOwner | None = None
    checks: tuple[Check, ...] = ()
    documents: Documents | None = None

    def read(self, path: str) -> bytes:
        """A file's bytes. Raises ToolError or WorkspaceError: bad path, missing, too large, behind a symlink."""
        self.check(path)
        return self.files.read(path, max_bytes=MAX_FILE_BYTES)

    def read_text(self, path: str) -> str:
        """A file as UTF-8 text. Raises ToolError `not_text` for others."""
        data = self.read(path)
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            raise ToolError("not_text", f"{path} is no UTF-8 text") from None

    def write(self, path: str, data: bytes) -> None:
        """Replace or create a file inside the write set. Raises ToolError."""
        self.check_writable(path)
        self.files.write(path, data)

    def delete(self, path: str) -> None:
        """Delete a file inside the write set. Raises ToolError."""
        self.check_writable(path)
        self.files.delete(path)

    def exists(self, path: str) -> bool:
        """Whether something stands at this path (a symlink counts, wherever it points)."""
        return self.files.stat(path.rstrip("/")) is not None

    def check(self, path: str) -> None:
        """Refuse a path that is not a plain relative one."""
        if reason := path_problem(path.removeprefix(SCRATCH)):
            raise ToolError("bad_path", f"{path!r} {reason}", "use a path relative to the worktree")

    def check_writable(self, path: str) -> None:
        """Refuse a path that the write set does not cover."""
        self.check(path)
        if path.endswith("/"):
            raise ToolError("not_a_file", f"{path} names a folder", "name a file")
        if outside(self.write_set, [path]) and not is_scratch(path):
            allowed = ", ".join(self.write_set[:10]) or "nothing"
            raise ToolError("outside_write_set", f"{path} is not in the write set", f"this task may write: {allowed}")

    def places(self, paths: Sequence[str] | None) -> list[str] | None:
        """Paths for the native core, which opens them itself: each must lie in the worktree with symlinks resolved.

        None and "." mean the whole worktree and give None.
        """
        if paths is None or any(path in {".", "./"} for path in paths):
            return None
        for path in paths:
            self.check(path)
            real = os.path.realpath(Path(self.root) / path)
            if real != self.root and not real.startswith(self.root + os.sep):
                raise ToolError("outside_worktree", f"{path} leads out of the worktree")
            if not Path(real).exists():
                raise ToolError("no_such_file", f"{path} does not exist", "list_files shows what does")
        return [path.rstrip("/") for path in paths]
