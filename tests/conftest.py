"""What all tests share: the event loop, and a state directory of their own."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

IDLE_TIMEOUT_S = 20.0
"""How long a server stays that a test has started and forgotten, should the fixture below not find it."""


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def state_dir(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """No test touches the state of the person who runs it, and none leaves a server behind."""
    folder = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("ORCHESTRATOR_STATE_DIR", str(folder))
    monkeypatch.setenv("ORCHESTRATOR_IDLE_TIMEOUT_S", str(IDLE_TIMEOUT_S))
    yield folder
    for server in shared_servers(folder):
        end_server(server)


def shared_servers(state_dir: Path) -> list[int]:
    """The process ids of the shared servers that have put up their card in a state directory."""
    found: list[int] = []
    for card in state_dir.glob("w/*/server.json"):
        try:
            pid = int(json.loads(card.read_text())["pid"])
        except (OSError, ValueError, KeyError):
            continue
        if b"orchestrator.daemon" in command_line(pid):
            found.append(pid)
    return found


def command_line(pid: int) -> bytes:
    """A process's arguments; empty for one that has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def end_server(pid: int) -> None:
    """Ask a server to end, and kill it if it does not."""
    for number, patience_s in ((signal.SIGTERM, 15.0), (signal.SIGKILL, 5.0)):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        until_s = time.monotonic() + patience_s
        while command_line(pid):
            if time.monotonic() > until_s:
                break
            time.sleep(0.02)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests begin first, so that the end of a parallel run does not wait for one of them."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
