"""Starting a workspace's server so that it outlives whoever starts it."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from typing import Any, cast

from orchestrator.config.places import Places
from orchestrator.daemon.filesystem import refuse_network
from orchestrator.errors import OrchestratorError

_MAX_WORDS = 4_000


def start_server(where: Places, timeout_s: float) -> None:
    """Start a server and wait until it listens. Raises OrchestratorError: its own, or `server_unreachable`."""
    refuse_network(where.state)
    reading, writing = os.pipe()
    try:
        argv = [sys.executable, "-P", "-m", "orchestrator.daemon", str(where.root), str(writing)]
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=writing,
            pass_fds=(writing,),
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        os.close(reading)
        raise OrchestratorError("server_unreachable", f"the server can't be started: {error.strerror}") from None
    finally:
        os.close(writing)
    try:
        process.wait(timeout_s)  # it forks at once, and the server goes on as a process of its own
        said = _words(reading, time.monotonic() + timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise OrchestratorError("server_unreachable", f"the server did not start within {timeout_s:.0f} s") from None
    finally:
        os.close(reading)
    _judge(said, timeout_s)


def _words(fd: int, deadline_s: float) -> bytes:
    """All that the server says until it is ready or has ended."""
    said = b""
    while not said.endswith(b'"is_ready": true}\n'):
        if not select.select([fd], [], [], max(0.0, deadline_s - time.monotonic()))[0]:
            break
        chunk = os.read(fd, 65_536)
        if not chunk:
            break
        said = (said + chunk)[-65_536:]
    return said


def _judge(said: bytes, timeout_s: float) -> None:
    *words, last = said.decode("utf-8", "replace").rstrip("\n").rpartition("\n")
    try:
        verdict = json.loads(last)
    except ValueError:
        verdict = None
    if isinstance(verdict, dict):
        fields = cast("dict[str, Any]", verdict)
        if fields.get("is_ready"):
            return
        if "code" in fields:
            raise OrchestratorError(str(fields["code"]), str(fields.get("message")), str(fields.get("hint", "")))
    text = "".join((*words, last)).strip()[-_MAX_WORDS:]
    reason = (
        f"the server ended while it started; it said:\n{text}"
        if text
        else f"the server said nothing in {timeout_s:.0f} s"
    )
    raise OrchestratorError("server_unreachable", reason, "the server's log says more: orchestrator doctor names it")
