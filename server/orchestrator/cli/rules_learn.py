"""`orchestrator rules learn`: the conventions that a repository keeps."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from orchestrator import native
from orchestrator.errors import OrchestratorError


@click.command("learn", epilog="Example: orchestrator rules learn src --json")
@click.argument("folder", type=click.Path(path_type=Path), default=Path())
@click.option("--json", "is_json", is_flag=True, help="As JSON.")
def learn(folder: Path, is_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Show the conventions that the code of a folder keeps, with the evidence.

    A row is shown when at least 90 % of the code agrees, with 95 % confidence. Exit code 0 also when there are none.
    """
    try:
        conventions = native.Conventions.learn(str(folder))
    except native.CoreError as error:
        raise OrchestratorError("no_such_path", str(error)) from error
    if is_json:
        click.echo(json.dumps(_as_json(conventions), indent=1))
    else:
        _print(conventions)


def _as_json(conventions: native.Conventions) -> dict[str, object]:
    found = [
        {
            "language": one.language,
            "folder": one.folder,
            "habit": one.habit,
            "noun": one.noun,
            "choice": one.choice,
            "agreeing": one.agreeing,
            "total": one.total,
            "limit": round(one.limit, 4),
        }
        for one in conventions.all()
    ]
    return {"file_count": conventions.file_count, "conventions": found}


def _print(conventions: native.Conventions) -> None:
    console = Console()
    found = conventions.all()
    files = f"{conventions.file_count} files"
    if not found:
        console.print(f"no conventions: nothing is done in the same way often enough in {files}")
        return
    table = Table(box=None, header_style="dim", padding=(0, 2))
    for column in ("language", "folder", "what", "convention"):
        table.add_column(column, overflow="fold")
    for column in ("evidence", "at least"):
        table.add_column(column, justify="right")
    for one in found:
        evidence = f"{one.agreeing} of {one.total}"
        row = (one.language, one.folder or "(all)", one.noun, one.choice, evidence, f"{one.limit:.1%}")
        table.add_row(*row)
    console.print(table)
    console.print(f"[dim]learned from {files}; the last column holds with 95 % confidence[/dim]")
