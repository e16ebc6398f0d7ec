"""`orchestrator doctor`: what is found, what is missing, what that costs, and how to fix it."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.workspace_option import json_option, workspace_option

if TYPE_CHECKING:
    from orchestrator.cli.diagnosis import Problem

_BROKEN = 1


@click.command("doctor", epilog="Example: orchestrator doctor --workspace ~/project")
@workspace_option
@click.option("--providers", "is_probing", is_flag=True, help="Ask every configured model one short question.")
@click.option("--recovery", "is_about_recovery", is_flag=True, help="Print what is done about each class of failure.")
@json_option
def command(
    workspace: Path,
    is_probing: bool,  # noqa: FBT001 - click passes flags so
    is_about_recovery: bool,  # noqa: FBT001 - as above
    is_json: bool,  # noqa: FBT001 - as above
) -> None:
    """Show what is found, what is missing, what that costs, and how to fix it.

    Starts nothing but an OpenCode that has the plugin.

    Exit code 1: missions can't run here as it is, or a model that is asked can't be used.
    """
    from orchestrator.cli.probing import show_providers, show_recovery  # noqa: PLC0415 - needed by this command alone

    if is_about_recovery:
        show_recovery(is_json=is_json)
        return
    if is_probing:
        show_providers(workspace, is_json=is_json)
    from orchestrator.cli.diagnosis import diagnose  # noqa: PLC0415 - needed by this command alone

    found = diagnose(workspace)
    if is_json:
        problems = [dataclasses.asdict(problem) for problem in found.problems]
        click.echo(json.dumps({**found.facts, "problems": problems}, ensure_ascii=False))
    else:
        for name, value in found.facts.items():
            click.echo(f"{name:16} {_words(value)}")
        for problem in found.problems:
            _tell(problem)
        if not found.problems:
            click.secho("\nnothing is missing", fg="green")
    sys.exit(_BROKEN if any(problem.is_fatal for problem in found.problems) else 0)


def _words(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case dict():
            return ", ".join(f"{key} {item}" for key, item in value.items())  # pyright: ignore[reportUnknownVariableType] - facts are JSON data
        case list():
            return ", ".join(map(str, value)) or "none"  # pyright: ignore[reportUnknownArgumentType] - as above
        case None:
            return "none"
        case _:
            return str(value)


def _tell(problem: Problem) -> None:
    click.secho(f"\n{'✗' if problem.is_fatal else '!'} {problem.what}", fg="red" if problem.is_fatal else "yellow")
    click.echo(f"  costs: {problem.costs}")
    click.echo(f"  fix:   {problem.fix}")
