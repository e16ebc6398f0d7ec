"""The generated documents as they are committed, the golden frames, and the pinned TypeScript compiler."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from orchestrator_protocol.codegen.contract import Contract, gather

sys.path.insert(0, str(Path(__file__).parent))

from committed import ROOT, read


@pytest.fixture(scope="session")
def contract() -> Contract:
    """Gathered anew from the models."""
    return gather(ROOT / "protocol")


@pytest.fixture(scope="session")
def golden() -> dict[str, Any]:
    """The golden frames by file."""
    return {name: read(f"conformance/{name}.json") for name in ("requests", "results", "events")}


@pytest.fixture(scope="session")
def node_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages of protocol/typescript, installed from its lock file when they are not there yet."""
    folder = ROOT / "protocol/typescript"
    with (tmp_path_factory.getbasetemp().parent / "npm.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "node_modules/typescript").exists():
            command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
            subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=110)
    return folder / "node_modules"
