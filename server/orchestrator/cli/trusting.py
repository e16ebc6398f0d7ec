"""Asking once whether a workspace's own commands may run."""

from __future__ import annotations

import sys

import click

from orchestrator.config.places import Places


def ask_for_trust(where: Places) -> bool:
    """Whether the person at the terminal trusts the commands that were found in the workspace.

    Asks only when there is a terminal, something was found, nothing is declared, and the workspace is not trusted yet.
    """
    if where.trust.exists():
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    from orchestrator.review.discover import discover  # noqa: PLC0415 - needed for this question alone

    found = discover(str(where.root))
    if not found:
        return False
    click.echo("This workspace declares no checks. These commands were found in it:", err=True)
    for check in found:
        click.echo(f"  {check.command}    ({check.source})", err=True)
    return click.confirm("Trust this workspace and run them to verify missions?", default=False, err=True)
