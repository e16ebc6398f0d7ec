"""Where a workspace's server listens, and whether that place can be trusted."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from orchestrator.config.places import Places
from orchestrator.errors import OrchestratorError

MAX_SOCKET_BYTES = 107
"""Longest path that a Unix socket may have on Linux, with its closing zero."""
_APP = "opencode-orchestrator"


@dataclass(frozen=True, slots=True)
class Address:
    """The files through which clients and server of one workspace meet; all but the socket are in the state folder."""

    state: Path

    @property
    def card(self) -> Path:
        """What the running server says about itself, with the token: mode 0600."""
        return self.state / "server.json"

    @property
    def owner_lock(self) -> Path:
        """Held by the server for its whole life."""
        return self.state / "server.lock"

    @property
    def start_lock(self) -> Path:
        """Held by the client that starts a server."""
        return self.state / "server.starting"

    def new_socket(self) -> Path:
        """The socket's path for a server that starts, in a folder of the user's own. Raises OrchestratorError."""
        name = hashlib.sha256(os.fsencode(self.state)).hexdigest()[:20] + ".sock"
        for folder in _folders():
            path = folder / name
            if len(os.fsencode(path)) < MAX_SOCKET_BYTES:
                make_private(folder)
                check_owner(path)
                return path
        raise OrchestratorError("socket_unsafe", "there is no folder with a short enough path for a socket")


def address(where: Places) -> Address:
    """The meeting place of a workspace."""
    return Address(where.state)


def _folders() -> list[Path]:
    """Folders for sockets, the best first: the runtime directory, the temporary directory, /tmp."""
    uid = os.getuid()
    named = os.environ.get("XDG_RUNTIME_DIR", "")
    runtime = [Path(named) / _APP] if named and _is_ours(Path(named)) else []
    temporary = dict.fromkeys((os.environ.get("TMPDIR") or "/tmp", "/tmp"))  # noqa: S108 - a folder of our own inside, checked
    return [*runtime, *(Path(folder) / f"{_APP}-{uid}" for folder in temporary)]


def _is_ours(folder: Path) -> bool:
    try:
        found = folder.stat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()


def make_private(folder: Path) -> None:
    """Make a folder with mode 0700, or check that it is one. Raises OrchestratorError `socket_unsafe`."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise OrchestratorError("socket_unsafe", f"{folder} can't be used: {error.strerror}", _HINT) from None
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise OrchestratorError("socket_unsafe", f"{folder} belongs to somebody else", _HINT)
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise OrchestratorError("socket_unsafe", f"{folder} is open to other users", f"chmod 700 {folder}")


def check_owner(path: Path) -> None:
    """Raises OrchestratorError `socket_unsafe` for a file that another user made; a missing one is fine."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise OrchestratorError("socket_unsafe", f"{path} can't be looked at: {error.strerror}", _HINT) from None
    if found.st_uid != os.getuid():
        raise OrchestratorError("socket_unsafe", f"{path} belongs to user {found.st_uid}", _HINT)
    if not stat.S_ISSOCK(found.st_mode):
        raise OrchestratorError("socket_unsafe", f"{path} is no socket", "remove it")


_HINT = "remove what stands there, or set XDG_RUNTIME_DIR to a folder of your own"
