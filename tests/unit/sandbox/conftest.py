"""Real launchers, one for each way of holding a subtree together that this machine allows."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.ports.launcher import Command
from orchestrator.sandbox.install import install_launcher
from orchestrator.sandbox.launcher import NativeLauncher
from orchestrator.sandbox.request import Isolation


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The launcher program that the native core carries."""
    return install_launcher(tmp_path_factory.mktemp("program"))


@pytest.fixture(scope="session")
def has_namespaces(program: Path, tmp_path_factory: pytest.TempPathFactory) -> bool:
    """Whether this machine grants PID namespaces."""
    return "pidns" in NativeLauncher(tmp_path_factory.mktemp("probe"), program=program).level


@pytest.fixture(params=["auto", "subreaper"])
def isolation(request: pytest.FixtureRequest) -> Isolation:
    """`auto` is the best that the machine has."""
    return request.param


@pytest.fixture
def launcher(program: Path, tmp_path: Path, isolation: Isolation) -> NativeLauncher:
    """A launcher with a short grace period."""
    return NativeLauncher(tmp_path / "state", program=program, grace_s=0.3, isolation=isolation)


@pytest.fixture
def command(tmp_path: Path) -> Callable[..., Command]:
    """Builds a command that runs in `tmp_path`."""

    def build(*argv: str, **changes: object) -> Command:
        settings: dict[str, object] = {
            "argv": argv,
            "cwd": str(tmp_path),
            "env": {"PATH": os.environ["PATH"]},
            "timeout_s": 20.0,
        }
        return Command(**(settings | changes))  # pyright: ignore[reportArgumentType] - any field may be changed

    return build
