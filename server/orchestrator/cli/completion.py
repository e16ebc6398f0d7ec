"""`orchestrator completion`: the script that teaches a shell to complete our commands."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

PROGRAM = "orchestrator"
VARIABLE = "_ORCHESTRATOR_COMPLETE"
"""Set by the script when the shell asks; click answers then and runs no command."""


@click.command("completion", epilog='Example: eval "$(orchestrator completion bash)"')
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print a script for SHELL; commands, options, missions and tasks are completed then."""
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - click knows each of the choices
    click.echo(kind(context.find_root().command, {}, PROGRAM, VARIABLE).source())
