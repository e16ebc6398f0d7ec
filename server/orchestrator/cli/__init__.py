"""The command line. Each command is a module of its own, loaded only when it is called."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

import click

from orchestrator import __version__

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_COMMANDS = {
    "run": "Run a mission in a workspace and show how it goes.",
    "serve": "Serve one client over stdin and stdout (what editors start).",
    "status": "Show the missions of a workspace, and what they wait for.",
    "watch": "Follow a mission as it goes, whoever started it.",
    "plan": "Show the plan of a mission.",
    "approve": "Approve the plan of a mission, or refuse it.",
    "answer": "Answer what a mission asks.",
    "steer": "Say something to whoever works on a task.",
    "pause": "Hold a mission, or one task.",
    "resume": "Let a held mission or task go on.",
    "stop": "Stop a mission, or one task; its work is kept.",
    "retry": "Try an ended mission again.",
    "undo": "Take back what a mission, or one task, wrote.",
    "summary": "Show what a mission did, and what proves it.",
    "diff": "Show what a mission changed.",
    "deliver": "Bring the work of an ended mission into the workspace.",
    "audit": "Verify the journal of a workspace.",
    "lint": "Check files with the style guardian.",
    "rules": "List, explain, test and write rules of the style guardian.",
    "demo": "Run the bundled sample mission, offline.",
    "doctor": "Show what is installed, where things are and what is missing.",
    "install": "Put the plugin into OpenCode.",
    "uninstall": "Take the plugin out of OpenCode.",
    "config": "Show and check the configuration.",
    "completion": "Print a script for your shell's completion.",
}


class _LazyGroup(click.Group):
    """Knows the commands by name and one line of help; imports a command's module when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        if cmd_name not in _COMMANDS:
            return None
        command = import_module(f"orchestrator.cli.{cmd_name}").command
        assert isinstance(command, click.Command)  # noqa: S101 - states the convention of this package
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in _COMMANDS and not ctx.resilient_parsing:
            from difflib import get_close_matches  # noqa: PLC0415 - for a misspelt command alone

            near = get_close_matches(args[0], _COMMANDS, n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]!r}?" if near else 'A mission is started with: orchestrator run "MISSION"'
            ctx.fail(f"No such command {args[0]!r}. {hint}")
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - for a shell that completes alone

        names = [CompletionItem(name, help=line) for name, line in _COMMANDS.items() if name.startswith(incomplete)]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog='Example: orchestrator run "fix all style findings" --workspace . --trust',
)
@click.version_option(__version__, prog_name="orchestrator")
def group() -> None:
    """A mission server for coding agents: plans, runs, checks, merges and seals missions on a real repository."""


def main() -> None:
    """Run the command line; the exit codes are those of docs/cli.md."""
    try:
        group.main(standalone_mode=False)
    except (Exception, KeyboardInterrupt, BaseExceptionGroup) as error:  # noqa: BLE001 - `report` raises defects again
        _ignore_interruptions()
        from orchestrator.cli.failing import report  # noqa: PLC0415 - keeps the start of every command short

        sys.exit(report(error))
    _ignore_interruptions()


def _ignore_interruptions() -> None:
    """It is leaving: one more Ctrl-C must not take the exit code away. Python alone lets the signal kill it here."""
    import signal  # noqa: PLC0415 - at the end, so that no command starts later for it

    signal.signal(signal.SIGINT, signal.SIG_IGN)
