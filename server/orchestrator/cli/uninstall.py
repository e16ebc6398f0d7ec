"""`orchestrator uninstall opencode`: take the plugin out of OpenCode's configuration."""

from __future__ import annotations

import click


@click.command("uninstall", epilog="Example: orchestrator uninstall opencode --dry-run")
@click.argument("client", type=click.Choice(["opencode"]))
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
def command(client: str, dry_run: bool) -> None:  # noqa: FBT001, ARG001 - click passes flags so; there is one client so far
    """Take the plugin's entry out of OpenCode's configuration, and nothing else."""
    from orchestrator.install.config_file import difference  # noqa: PLC0415 - needed by this command alone
    from orchestrator.install.opencode import removal, uninstall  # noqa: PLC0415 - as above

    change = removal()
    if not change.is_needed:
        click.echo(f"the plugin does not stand in {change.file.path}; nothing was changed")
        return
    if dry_run:
        click.echo(difference(change.file.path, change.before, change.after), nl=False)
        return
    backup = uninstall(change)
    click.echo(f"the plugin is out of {change.file.path}")
    click.echo(f"before: {backup}")
