"""Where the server keeps things, so that every part means the same folder."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_config_path, user_log_path, user_state_path

STATE_VARIABLE = "ORCHESTRATOR_STATE_DIR"
_APP = "opencode-orchestrator"
CONFIG_NAME = ".opencode/orchestrator.jsonc"
TODO_NAME = ".opencode/todo.md"
SUMMARY_NAME = ".opencode/summary.md"


def fresh_name(name: str) -> str:
    """Where the next text of a file is written before it takes its place: `a/b.md` → `a/.b.md.new`.

    One fixed name, so that a crash leaves at most one stray and the next write takes it away.
    """
    folder, slash, file = name.rpartition("/")
    return f"{folder}{slash}.{file}.new"


SERVER_FILES = (TODO_NAME, SUMMARY_NAME, fresh_name(TODO_NAME), fresh_name(SUMMARY_NAME))
"""The only files in the user's workspace that the server writes outside a delivery; snapshots leave them out."""


@dataclass(frozen=True, slots=True)
class Places:
    """Paths that belong to one workspace. `root` is its real path, `state` its folder in the state directory."""

    root: Path
    state: Path

    @property
    def journal(self) -> Path:
        """The event store."""
        return self.state / "journal.db"

    @property
    def shadow(self) -> Path:
        """The shadow repository (bare)."""
        return self.state / "shadow.git"

    @property
    def worktrees(self) -> Path:
        """The pool of worktrees."""
        return self.state / "worktrees"

    @property
    def todo_base(self) -> Path:
        """`todo.md` as the server wrote it last: a person's edits are told from it."""
        return self.state / "todo.base"

    @property
    def outputs(self) -> Path:
        """Outputs of commands, named by digest."""
        return self.state / "outputs"

    @property
    def patches(self) -> Path:
        """Patches that could not be applied or were asked for."""
        return self.state / "patches"

    @property
    def programs(self) -> Path:
        """The launcher, unpacked from the wheel."""
        return self.state / "programs"

    @property
    def trust(self) -> Path:
        """Exists once the user trusted the workspace's own commands."""
        return self.state / "trusted"


def state_home() -> Path:
    """The state directory: `$ORCHESTRATOR_STATE_DIR` or the platform's state folder for users."""
    named = os.environ.get(STATE_VARIABLE)
    return Path(named).absolute() if named else user_state_path(_APP, appauthor=False)


def user_config_file() -> Path:
    """The user's own configuration, for all workspaces: `config.jsonc` in the platform's configuration folder."""
    return user_config_path(_APP, appauthor=False) / "config.jsonc"


def log_file() -> Path:
    """The server's log, in the state directory when that is set, else in the platform's log folder."""
    named = os.environ.get(STATE_VARIABLE)
    folder = Path(named).absolute() / "log" if named else user_log_path(_APP, appauthor=False)
    return folder / "server.log"


def workspace_root(folder: Path) -> Path:
    """The real path of the git top level that holds `folder`, or of `folder` itself outside a repository."""
    real = Path(os.path.realpath(folder))
    for candidate in (real, *real.parents):
        if (candidate / ".git").exists():
            return candidate
    return real


def places(folder: Path) -> Places:
    """The places of the workspace that holds `folder`. Creates nothing."""
    root = workspace_root(folder)
    digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:12]
    return Places(root, state_home() / "w" / digest)
