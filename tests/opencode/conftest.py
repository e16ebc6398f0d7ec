"""One OpenCode for most tests: each test has a workspace, a session and a model of its own in it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.testing.provider import FakeProvider, serving

sys.path.insert(0, str(Path(__file__).parent))

from missions import Model
from opencode_process import (
    PROGRAM,
    OpenCode,
    configuration,
)
from worlds import World, new_world


@pytest.fixture(scope="session", autouse=True)
def program() -> None:
    """OpenCode is installed by `make test-opencode`, which demands these tests."""
    if not PROGRAM.exists() and "ORCHESTRATOR_TEST_OPENCODE" not in os.environ:
        pytest.skip("OpenCode is not installed: make test-opencode")


@pytest.fixture(scope="session")
def provider() -> Iterator[FakeProvider]:
    """Models for everybody; `policy` is exchanged by each test."""
    with serving(Model(0)) as provider:
        yield provider


@pytest.fixture(scope="session")
def shared(provider: FakeProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenCode]:
    """An OpenCode; each workspace lists the plugin."""
    opencode = OpenCode(tmp_path_factory.mktemp("home"), configuration(provider))
    yield opencode
    opencode.stop()
    opencode.end_servers()


@pytest.fixture
def world(shared: OpenCode, provider: FakeProvider, tmp_path: Path) -> World:
    """Two parts to mend."""
    return new_world(shared, provider, tmp_path / "workspace", 2)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A real OpenCode takes its time on a busy machine."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.timeout(1_800))
