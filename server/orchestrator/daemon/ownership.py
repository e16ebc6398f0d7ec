"""Being the one server of a workspace."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Generator
from contextlib import contextmanager

from orchestrator.config.places import Places
from orchestrator.daemon.address import Address, address
from orchestrator.daemon.card import remove_card
from orchestrator.errors import OrchestratorError

LOCK_WAIT_S = 20.0
"""How long a server that starts waits for one that ends."""


@contextmanager
def owned(where: Places) -> Generator[Address]:
    """Be the one server of a workspace until the context ends. Raises OrchestratorError when another one stays.

    The lock ends with its process, so what a server that died has left behind is simply replaced.
    """
    place = address(where)
    try:
        place.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(place.owner_lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        message = f"the state directory {place.state} can't be used: {error.strerror}"
        raise OrchestratorError("server_unreachable", message, "check ORCHESTRATOR_STATE_DIR and its disk") from None
    try:
        _lock(fd)
        place.card.unlink(missing_ok=True)
        yield place
    finally:
        remove_card(place.card, os.getpid())
        os.close(fd)


def _lock(fd: int) -> None:
    until_s = time.monotonic() + LOCK_WAIT_S
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until_s:
                message = "another server of this workspace is ending and does not let go"
                raise OrchestratorError("server_unreachable", message, "look into the server's log") from None
            time.sleep(0.05)
        else:
            return
