"""`orchestrator install opencode`: list the plugin in OpenCode's configuration."""

from __future__ import annotations

import os

import click

from orchestrator.errors import OrchestratorError


@click.command("install", epilog="Example: orchestrator install opencode --dry-run")
@click.argument("client", type=click.Choice(["opencode"]))
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--diagnostics", is_flag=True, help="Show findings in OpenCode: switches its language servers on.")
def command(client: str, dry_run: bool, diagnostics: bool) -> None:  # noqa: FBT001, ARG001 - click passes flags so; there is one client so far
    """Put /task and the other commands into OpenCode.

    Your configuration keeps every byte but the new entry. The last five versions are kept in the state folder. In CI
    (the variable CI is set) nothing is done.
    """
    from orchestrator.install.config_file import difference  # noqa: PLC0415 - needed by this command alone
    from orchestrator.install.loading import loading  # noqa: PLC0415 - as above
    from orchestrator.install.opencode import install, installation  # noqa: PLC0415 - as above

    if os.environ.get("CI", "").lower() not in {"", "0", "false"}:
        click.echo("this is CI: nothing was installed")
        return
    change = installation(has_diagnostics=diagnostics)
    if not change.is_needed:
        click.echo(f"the plugin stands in {change.file.path} already; nothing was changed")
        return
    if dry_run:
        click.echo(difference(change.file.path, change.before, change.after), nl=False)
        return
    said: list[str] = []

    def check() -> None:
        found = loading()
        if found.verdict == "failed":
            raise OrchestratorError(
                "plugin_not_loaded", f"OpenCode does not load it: {found.detail}", "nothing was changed"
            )
        said.append("OpenCode loads it" if found.verdict == "clean" else f"not checked: {found.detail}")

    backup = install(change, check)
    click.echo(f"the plugin stands in {change.file.path}; {said[0]}")
    if backup:
        click.echo(f"before: {backup}")
    click.echo('start OpenCode anew, then: /task "what should be done"')
