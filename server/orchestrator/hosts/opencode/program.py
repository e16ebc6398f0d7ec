"""One headless OpenCode for a workspace: started when a mission needs it, known by the name of its plugin."""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
import socket
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

import anyio
from anyio import to_thread

from orchestrator.domain.words import FailureKind
from orchestrator.ports.host import HostError
from orchestrator.ports.hosting import HEADLESS
from orchestrator.ports.jobs import Job, JobOwner, Jobs, JobStatus
from orchestrator.ports.launcher import Command

START_TIMEOUT_S: Final = 90.0
"""It needs up to a quarter of a minute on a busy machine."""
_ASK_TIMEOUT_S: Final = 2.0
"""A request that comes between its first listening and its being ready is never answered; the next one is."""
_OWNER = JobOwner("", "", "opencode")
_WEEK_S = 7 * 86_400.0


class HeadlessOpenCode:
    """Starts `opencode serve` on a port and with a password of its own; it ends itself when nothing needs it."""

    def __init__(self, jobs: Jobs, folder: Path, plugin: Callable[[], Sequence[object]]) -> None:
        """For this workspace; `plugin` is the entry for OpenCode's list of plugins."""
        self._jobs = jobs
        self._folder = folder
        self._plugin = plugin
        self._lock = anyio.Lock()

    async def ensure(self, is_there: Callable[[], bool]) -> None:
        """Have it run and its plugin connected (`is_there`). Raises HostError."""
        async with self._lock:
            if is_there():
                return
            program = shutil.which("opencode")
            if program is None:
                raise HostError(
                    FailureKind.UNSUPPORTED,
                    "there is no opencode on the PATH",
                    hint="install it, or choose another host",
                )
            port, password = _free_port(), secrets.token_urlsafe(24)
            job = await self._jobs.start(_OWNER, self._command(program, port, password))
            try:
                with anyio.fail_after(START_TIMEOUT_S):
                    await self._awake(job, port, password, is_there)
            except TimeoutError:
                await self._jobs.kill(job.id)
                raise HostError(
                    FailureKind.UNAVAILABLE, f"OpenCode was not ready within {START_TIMEOUT_S:.0f} s"
                ) from None

    def _command(self, program: str, port: int, password: str) -> Command:
        env = {
            **os.environ,
            "OPENCODE_SERVER_PASSWORD": password,
            "OPENCODE_CONFIG_CONTENT": _with_plugin(os.environ, self._plugin()),
            "ORCHESTRATOR_HEADLESS": HEADLESS,
        }
        argv = (program, "serve", "--hostname", "127.0.0.1", "--port", str(port))
        return Command(argv, cwd=str(self._folder), env=env, timeout_s=_WEEK_S)

    async def _awake(self, job: Job, port: int, password: str, is_there: Callable[[], bool]) -> None:
        """Ask it for its sessions here, which loads the plugin, until that has connected."""
        while not is_there():
            now = self._jobs.get(job.id)
            if now.status is not JobStatus.RUNNING:
                output, _ = await self._jobs.output(job.id, 2_000)
                words = output.decode("utf-8", "replace").strip().splitlines()
                raise HostError(FailureKind.UNAVAILABLE, f"OpenCode ended: {words[-1] if words else now.detail}")
            await to_thread.run_sync(_ask, port, password, self._folder)
            await anyio.sleep(0.3)


def _with_plugin(env: Mapping[str, str], entry: Sequence[object]) -> str:
    """The configuration that the environment holds already, with the plugin."""
    said: Any = json.loads(env.get("OPENCODE_CONFIG_CONTENT") or "{}")
    config = cast("dict[str, Any]", said) if isinstance(said, dict) else {}
    return json.dumps({**config, "plugin": [*config.get("plugin", []), entry]})


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _ask(port: int, password: str, folder: Path) -> None:
    token = base64.b64encode(f"opencode:{password}".encode()).decode()
    where = urllib.parse.quote(str(folder))
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/session/status?directory={where}", headers={"authorization": f"Basic {token}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=_ASK_TIMEOUT_S) as reply:  # noqa: S310 - as above
            reply.read()
    except OSError:
        return  # it is not ready yet; the caller looks again
