"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.completing import mission_ids, task_ids

workspace_option = click.option(
    "--workspace",
    "-w",
    type=click.Path(path_type=Path),
    default=Path(),
    help="Folder to work in; the git top level that holds it is the workspace.  [default: this folder]",
)
json_option = click.option("--json", "is_json", is_flag=True, help="One JSON document a line, for programs.")
mission_argument = click.argument("mission", default="", metavar="[MISSION]", shell_complete=mission_ids)
task_option = click.option("--task", default="", metavar="TASK", shell_complete=task_ids, help="One task of it alone.")
because_option = click.option("--because", default="", metavar="TEXT", help="Why; kept in the mission's story.")
