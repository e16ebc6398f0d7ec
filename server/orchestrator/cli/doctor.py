"""`orchestrator doctor`: what is installed, where things are, what is missing."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from orchestrator import __version__, native
from orchestrator.cli.workspace_option import json_option, workspace_option
from orchestrator.config.places import log_file
from orchestrator.reading import existing_places


@click.command("doctor", epilog="Example: orchestrator doctor --workspace ~/project")
@workspace_option
@json_option
def command(workspace: Path, is_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Show what is installed, where things are and what is missing."""
    from orchestrator.review.discover import discover  # noqa: PLC0415 - needed by this command alone
    from orchestrator.sandbox.launcher import NativeLauncher  # noqa: PLC0415 - as above

    where = existing_places(workspace)
    found = discover(str(where.root))
    facts = {
        "version": __version__,
        "python": sys.version.split()[0],
        "rules": len(native.RuleSet.builtin()),
        "confinement": NativeLauncher(where.programs).level,
        "workspace": str(where.root),
        "state": str(where.state),
        "log": str(log_file()),
        "trusted": where.trust.exists(),
        "found commands": [check.command for check in found],
    }
    if is_json:
        click.echo(json.dumps(facts))
        return
    for name, value in facts.items():
        shown = ", ".join(map(str, value)) or "none" if isinstance(value, list) else value
        click.echo(f"{name:16} {shown}")
