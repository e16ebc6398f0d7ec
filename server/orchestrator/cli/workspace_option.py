"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

workspace_option = click.option(
    "--workspace",
    "-w",
    type=click.Path(path_type=Path),
    default=Path(),
    help="Folder to work in; the git top level that holds it is the workspace.  [default: this folder]",
)
json_option = click.option("--json", "is_json", is_flag=True, help="One JSON document a line, for programs.")
mission_argument = click.argument("mission", default="", metavar="[MISSION]")
