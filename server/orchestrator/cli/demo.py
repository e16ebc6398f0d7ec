"""`orchestrator demo`: the sample mission, offline, with a scripted host that behaves like a cheap model."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.run import run_mission
from orchestrator.cli.workspace_option import json_option
from orchestrator.config.places import STATE_VARIABLE
from orchestrator.demo import MISSION, copy_workspace, script_file

if TYPE_CHECKING:
    from orchestrator_protocol.mission import MissionStartParams


@click.command("demo", epilog="Example: orchestrator demo")
@json_option
def command(is_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Run the bundled sample mission in a fresh folder: a cheap model's mistakes, healed, checked and sealed."""
    folder = Path(tempfile.mkdtemp(prefix="orchestrator-demo-"))
    workspace = copy_workspace(folder / "workspace")
    os.environ[STATE_VARIABLE] = str(folder / "state")
    # The sample's check runs `python -m pytest`: this installation has it, another `python` on PATH may not.
    os.environ["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
    if not is_json:
        click.secho(f'/task "{MISSION}"', bold=True)
        click.secho(f"workspace {workspace}", dim=True)
    code = run_mission(workspace, _sample, is_json=is_json)
    if not is_json:
        click.secho(f"look at it: {workspace} (and .opencode/summary.md in it)", dim=True)
    sys.exit(code)


def _sample() -> MissionStartParams:
    from orchestrator_protocol.mission import MissionStartParams  # noqa: PLC0415 - loaded once the server has answered

    return MissionStartParams(text=MISSION, host=f"scripted:{script_file()}")
