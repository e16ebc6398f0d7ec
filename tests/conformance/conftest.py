"""Server processes for conformance tests."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from wire import Wire


@pytest.fixture
def start() -> Iterator[Callable[..., Wire]]:
    """Starts servers; all are ended and reaped after the test."""
    wires: list[Wire] = []

    def starter(**more: Any) -> Wire:
        wires.append(Wire(**more))
        return wires[-1]

    yield starter
    for wire in wires:
        wire.close()


@pytest.fixture
def fresh(start: Callable[..., Wire], tmp_path: Path) -> Wire:
    """A server of the test's own, with an open workspace."""
    one = start()
    assert "result" in one.initialize(tmp_path)
    return one


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """One server for the tests of a module that leave it alive, with an open workspace."""
    one = Wire()
    assert "result" in one.initialize(tmp_path_factory.mktemp("shared"))
    yield one
    one.close()


@pytest.fixture
def wire(shared: Wire) -> Wire:
    """The shared server, with nothing left over from the test before."""
    assert "error" in shared.call("settled", "no/such")
    shared.forget()
    return shared
