"""What all tests share: the event loop, and a state directory of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def state_dir(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """No test touches the state of the person who runs it."""
    folder = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("ORCHESTRATOR_STATE_DIR", str(folder))
    yield folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests begin first, so that the end of a parallel run does not wait for one of them."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
