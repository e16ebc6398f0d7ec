"""The card of a running server: who it is and how to get in. A file of mode 0600 in the workspace's state folder."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

_MAX_BYTES = 8_192


@dataclass(frozen=True, slots=True)
class Card:
    """A server's process, socket, token and versions. `token` is a secret: it opens the door."""

    pid: int
    socket: str
    token: str
    version: str
    protocol: int
    workspace: str


def read_card(path: Path) -> Card | None:
    """The card, or None when there is none that can be trusted and read."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        found = os.fstat(fd)
        if found.st_uid != os.getuid() or not stat.S_ISREG(found.st_mode) or stat.S_IMODE(found.st_mode) & 0o077:
            return None
        return _card_of(json.loads(os.read(fd, _MAX_BYTES)))
    except (OSError, ValueError):
        return None
    finally:
        os.close(fd)


def _card_of(found: object) -> Card | None:
    fields = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
    kinds = {"pid": int, "socket": str, "token": str, "version": str, "protocol": int, "workspace": str}
    if not all(type(fields.get(name)) is kind for name, kind in kinds.items()):
        return None
    return Card(**{name: fields[name] for name in kinds})


def write_card(path: Path, card: Card) -> None:
    """Replace the card in one step. Raises OSError."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.write(fd, json.dumps(asdict(card)).encode())
    finally:
        os.close(fd)
    fresh.replace(path)


def remove_card(path: Path, pid: int) -> None:
    """Take the card down, unless another server has put up its own."""
    card = read_card(path)
    if card and card.pid == pid:
        path.unlink(missing_ok=True)
