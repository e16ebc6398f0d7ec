"""Servers for conformance tests, over every transport, and the counts of what was tested over each."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from counting import COUNTS, NAMES, watch_libraries
from wire import TRANSPORTS, Shared, Wire

EVERYWHERE = {"test_failures", "test_golden", "test_fuzz", "test_overload"}
"""The modules whose tests run over every transport."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "transport" in metafunc.fixturenames:
        names = TRANSPORTS if metafunc.definition.path.stem in EVERYWHERE else TRANSPORTS[:1]
        alone = metafunc.definition.get_closest_marker("transports")
        metafunc.parametrize("transport", alone.args if alone else names, scope="module")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "transports(*names): the transports that this test makes sense for")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """How many tests passed and failed over each transport, and what was asked and answered."""
    counts: Counter[tuple[str, str]] = Counter()
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.stats.get(outcome, ()):
            if "conformance" in report.nodeid and getattr(report, "when", "") in {"call", "setup"}:
                inside = report.nodeid.partition("[")[2].rstrip("]").split("-")
                transport = next((name for name in TRANSPORTS if name in inside), "client library")
                counts[transport, outcome] += 1
    for transport in (*TRANSPORTS, "client library"):
        found = ", ".join(f"{n} {outcome}" for (name, outcome), n in counts.items() if name == transport)
        if found:
            terminalreporter.write_line(f"conformance over {transport}: {found}")
    _say_traffic(terminalreporter)


def _say_traffic(terminalreporter: Any) -> None:
    traffic: Counter[tuple[str, str]] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") == "teardown":
                traffic.update({tuple(key.split("|")): n for key, n in report.user_properties if "|" in key})
    for who in dict.fromkeys(who for who, _ in traffic):
        said = ", ".join(f"{traffic[who, name]:,} {name}" for name in NAMES)
        terminalreporter.write_line(f"{who}: {said}")


@pytest.fixture(autouse=True)
def counted(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What this test asks, and what is answered, goes with its report."""
    watch_libraries(monkeypatch)
    before = COUNTS.copy()
    yield
    request.node.user_properties += [
        ("|".join(key), number - before[key]) for key, number in COUNTS.items() if number != before[key]
    ]


@pytest.fixture(scope="module")
def common(tmp_path_factory: pytest.TempPathFactory, transport: str) -> Iterator[Shared | None]:
    """The shared server of a module's tests, for the transports that have one."""
    if transport == "stdio":
        yield None
        return
    server = Shared(tmp_path_factory.mktemp("shared"), tmp_path_factory.mktemp("state"))
    yield server
    server.close()


@pytest.fixture
def start(
    transport: str, common: Shared | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Wire]]:
    """Connects to servers; all that was started is ended and reaped after the test.

    A test that changes limits (by `env`) gets a server of its own.
    """
    wires: list[Wire] = []
    servers: list[Shared] = []

    def starter(env: dict[str, str] | None = None, **more: Any) -> Wire:
        server = common
        if common and env:
            server = Shared(tmp_path_factory.mktemp("own"), tmp_path_factory.mktemp("own-state"), env)
            servers.append(server)
        wires.append(Wire(env=env, server=server, is_socket=transport == "socket", **more))
        return wires[-1]

    yield starter
    for wire in wires:
        wire.close()
    for server in servers:
        server.close()


@pytest.fixture
def fresh(start: Callable[..., Wire], tmp_path: Path) -> Wire:
    """A connection of the test's own, with an open workspace."""
    one = start()
    assert "result" in one.initialize(tmp_path)
    return one


@pytest.fixture(scope="module")
def shared(common: Shared | None, transport: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """One connection for the tests of a module that leave it alive, with an open workspace."""
    one = Wire(server=common, is_socket=transport == "socket")
    assert "result" in one.initialize(tmp_path_factory.mktemp("alone"))
    yield one
    one.close()


@pytest.fixture
def wire(shared: Wire) -> Wire:
    """The module's connection, with nothing left over from the test before."""
    assert "error" in shared.call("settled", "no/such")
    shared.forget()
    return shared


@pytest.fixture(autouse=True)
def short_idle_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that a test has started does not stay long after it."""
    monkeypatch.setenv("ORCHESTRATOR_IDLE_TIMEOUT_S", os.environ.get("ORCHESTRATOR_IDLE_TIMEOUT_S", "5"))
