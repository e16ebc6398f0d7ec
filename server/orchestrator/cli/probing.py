"""`orchestrator doctor --providers` and `--recovery`: what the models say, and what is done when one fails."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import click

if TYPE_CHECKING:
    from orchestrator.hosts.model.probe import Probed


def show_recovery(*, is_json: bool) -> None:
    """Print the recovery table."""
    from orchestrator.engine.failures import rows  # noqa: PLC0415 - needed by this option alone

    if is_json:
        click.echo(json.dumps([dataclasses.asdict(row) for row in rows()]))
        return
    for row in rows():
        what = row.action + (f", at most {row.often} times" if row.often > 1 else "")
        click.echo(f"{row.failure:17} {row.meaning}\n{'':17} → {what}{f'; then {row.then}' if row.then else ''}")


def show_providers(workspace: Path, *, is_json: bool) -> None:
    """Ask every configured model one short question and say what came of it; exit code 1 when one can't be used.

    Raises OrchestratorError when none is configured, or the configuration is wrong.
    """
    from orchestrator.config.layers import load  # noqa: PLC0415 - as above
    from orchestrator.hosts.model.probe import probe  # noqa: PLC0415 - as above
    from orchestrator.reading import existing_places  # noqa: PLC0415 - as above

    config = load(existing_places(workspace).root).require()
    found = anyio.run(probe, config)
    if is_json:
        click.echo(json.dumps([dataclasses.asdict(row) for row in found], ensure_ascii=False))
    else:
        for row in found:
            _tell(row)
    sys.exit(1 if any(row.problem for row in found) else 0)


def _tell(row: Probed) -> None:
    if row.problem:
        click.secho(f"✗ {row.name}: {row.problem} [{row.code}]", fg="red")
        if row.hint:
            click.echo(f"  fix:   {row.hint}")
        return
    price = "prices known" if row.is_priced else "no price known: a budget in dollars can't hold it (set `prices`)"
    click.secho(f"✓ {row.name}: answers and calls tools; {price}", fg="green")
