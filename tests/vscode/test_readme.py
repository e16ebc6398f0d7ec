"""The section of README.md about VS Code, followed as it stands there, ends in a sealed mission."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from code_server import ROOT, CodeServer  # pyright: ignore[reportMissingImports] - beside this file
from playwright.sync_api import BrowserContext
from window import Window  # pyright: ignore[reportMissingImports] - beside this file
from worlds_vscode import FIXED  # pyright: ignore[reportMissingImports] - beside this file


@pytest.fixture
def home() -> Iterator[Path]:
    """A home with a short path: it holds sockets."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        yield Path(name)


@pytest.mark.slow
def test_the_section_of_vs_code_ends_in_a_seal(
    browser: BrowserContext, workspace: Path, tmp_path: Path, state_dir: Path, home: Path
) -> None:
    section = (ROOT / "README.md").read_text().split("**VS Code**", 1)[1]
    block = re.search(r"^```shell\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    assert block
    code = CodeServer(home, {"ORCHESTRATOR_STATE_DIR": str(state_dir)}, extensions=())
    try:
        code.program(tmp_path)
        path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-ec", block[1]],
            cwd=ROOT,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        window = Window(code, browser, workspace)
        window.palette("Orchestrator: Start Mission")
        window.answer("Start a mission", "fix all style findings")
        window.until(lambda: window.status() == "sealed", "the seal")
        window.until(lambda: (workspace / "names.py").read_text() == FIXED, "the file is written")
        window.close()
    finally:
        code.stop()
