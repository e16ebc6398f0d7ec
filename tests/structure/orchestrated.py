"""The orchestrator: real servers, one a lane, and missions one after another in each."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil
from corpus import Task
from experiment import PROVIDER, Ended, Model, lay_out
from judge import source_files

from orchestrator.client.plain import PlainClient, plain_shared

MISSION_TIMEOUT_S: Final = 1_200.0
_POLL_S: Final = 0.2


@contextmanager
def servers_below(folder: Path, model: Model) -> Iterator[None]:
    """Servers that are started in this context keep their state below a folder and ask this model; they end with it."""
    config = folder / "config" / "opencode-orchestrator" / "config.jsonc"
    config.parent.mkdir(parents=True)
    chosen = {"default": [f"{PROVIDER}/{model.name}"]}
    config.write_text(json.dumps({"providers": {PROVIDER: model.row}, "models": chosen}))
    places = {"ORCHESTRATOR_STATE_DIR": str(folder / "state"), "XDG_CONFIG_HOME": str(folder / "config")}
    before = {name: os.environ.get(name) for name in places}
    os.environ |= places
    try:
        yield
    finally:
        _end_servers(folder / "state")
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


class Lane:
    """A workspace whose server does one mission after another. Blocking: one thread a lane."""

    def __init__(self, folder: Path) -> None:
        """Use this folder as the workspace."""
        self._folder = folder

    def mission(self, task: Task) -> Ended:
        """Lay the task out and run its mission to the end; what the user has then."""
        self._folder.mkdir(parents=True, exist_ok=True)
        lay_out(task, self._folder)
        with plain_shared(self._folder, lambda _hint: None) as client:
            return _followed(client, task, self._folder)


def _followed(client: PlainClient, task: Task, folder: Path) -> Ended:
    started = client.ask("mission/start", {"text": task.mission, "host": "model", "delivery": "apply"})
    deadline = time.monotonic() + MISSION_TIMEOUT_S
    while True:
        status = client.ask("mission/status", {"missionId": started["missionId"]})
        if status["isOver"] or time.monotonic() > deadline:
            break
        time.sleep(_POLL_S)
    attempts = 1 + status["refusedCount"]
    is_sealed = status["status"] == "sealed"
    end = "sealed" if is_sealed else f"{status['status']}: {status['endCode']}"
    return Ended(source_files(folder), status["usage"]["tokens"], is_sealed, end, attempts)


def _end_servers(state: Path) -> None:
    """End the servers of a state directory, and wait until they are gone."""
    found: list[psutil.Process] = []
    for card in state.glob("w/*/server.json"):
        try:
            found.append(psutil.Process(json.loads(card.read_text())["pid"]))
            found[-1].send_signal(signal.SIGTERM)
        except psutil.NoSuchProcess:
            continue
    for process in psutil.wait_procs(found, timeout=30)[1]:
        process.kill()
