"""A worktree and its toolboxes, with the real native core and the real launcher."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.domain.words import Role
from orchestrator.ports.host import Toolbox
from orchestrator.ports.workspace import Worktree
from orchestrator.sandbox.launcher import NativeLauncher
from orchestrator.testing import write_files
from orchestrator.tools.shed import ToolShed

FILES = {
    "pkg/__init__.py": "",
    "pkg/one.py": (
        "class One(object):\n    def run(self, value):\n        if not value is None:\n            return value\n"
    ),
    "pkg/two.py": "from pkg.one import One\n\n\ndef make():\n    return One()\n",
    "clean.py": "VALUE = 1\n",
    "notes.txt": "One line about One\n",
    "binary.bin": b"\xff\xfe\x00\x01",
    ".gitignore": "ignored/\n",
    "ignored/x.py": "One = 1\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    write_files(folder, FILES)
    return folder


Open = Callable[..., Toolbox]


@pytest.fixture
def toolbox(root: Path, state_dir: Path) -> Open:
    def make(*write_set: str, role: Role = Role.WORKER) -> Toolbox:
        shed = ToolShed(NativeLauncher(state_dir), {"PATH": os.environ["PATH"], "GIVEN": "yes"})
        return shed.toolbox(role, Worktree(str(root), "c" * 40, "t" * 40), write_set)

    return make
