"""The commands of README.md, run as they stand there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
COMMANDS = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
    if line.strip()
]
CALC = '''"""Sums."""


class Calc(object):
    """Adds."""

    def old_name(self, a, b):
        return a + b
'''
TEST = '''"""Tests of sums."""

import unittest

from calc import Calc


class TestCalc(unittest.TestCase):
    def test_sum(self):
        self.assertEqual(Calc().old_name(1, 2), 3)

    def test_replaced(self):
        assertEquals = self.assertEqual
        assertEqual = self.assertEqual
        assertEquals(Calc().old_name(2, 2), 4)
        assertEqual(Calc().old_name(2, 3), 5)
'''


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that every mission of the README has something to do in."""
    (tmp_path / "project" / "tests").mkdir(parents=True)
    (tmp_path / "project" / "calc.py").write_text(CALC)
    (tmp_path / "project" / "tests" / "test_calc.py").write_text(TEST)
    (tmp_path / "project" / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["."]\n')
    return tmp_path / "project"


def test_the_readme_has_commands() -> None:
    assert "make demo" in COMMANDS
    assert sum("orchestrator run" in command for command in COMMANDS) == 3


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_readme_works(command: str, project: Path) -> None:
    line = command.replace("~/project", shlex.quote(str(project)))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=ROOT,
        env=os.environ | {"PATH": path, "MAKEFLAGS": ""},
        capture_output=True,
        text=True,
        timeout=590,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "sealed" in done.stdout
