"""The demonstration: a sample workspace, a mission, and a script that plays it like a cheap model."""

from __future__ import annotations

import shutil
from pathlib import Path

MISSION = "Build a REST API with authentication"
"""What the demonstration asks for."""

_HERE = Path(__file__).parent
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", ".pytest_cache")


def workspace_folder() -> Path:
    """The sample workspace as it is installed; copy it before anything writes there."""
    return _HERE / "workspace"


def script_file() -> Path:
    """The script for the scripted host."""
    return _HERE / "script.json"


def copy_workspace(target: Path) -> Path:
    """Copy the sample workspace to a folder that does not exist yet or is empty, and give it back."""
    return Path(shutil.copytree(workspace_folder(), target, ignore=_LEFT_OUT, dirs_exist_ok=True))
