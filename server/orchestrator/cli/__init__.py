"""The command line. Each command is a module of its own, loaded only when it is called."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from importlib import import_module

import click

from orchestrator import __version__

_COMMANDS = {
    "run": "Run a mission in a workspace and show how it goes.",
    "serve": "Serve one client over stdin and stdout (what editors start).",
    "status": "Show the missions of a workspace.",
    "diff": "Show what a mission changed.",
    "deliver": "Bring the work of an ended mission into the workspace.",
    "audit": "Verify the journal of a workspace.",
    "lint": "Check files with the style guardian.",
    "demo": "Run the bundled sample mission, offline.",
    "doctor": "Show what is installed, where things are and what is missing.",
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
        if args[0] not in _COMMANDS:
            near = get_close_matches(args[0], _COMMANDS, n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]!r}?" if near else 'A mission is started with: orchestrator run "MISSION"'
            ctx.fail(f"No such command {args[0]!r}. {hint}")
        return super().resolve_command(ctx, args)

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
    from orchestrator.cli.failing import first_cause, report  # noqa: PLC0415 - keeps the start of every command short
    from orchestrator.errors import OrchestratorError  # noqa: PLC0415 - as above

    try:
        group.main(standalone_mode=False)
    except OrchestratorError as error:
        sys.exit(report(error))
    except BaseExceptionGroup as several:
        cause = first_cause(several)
        if isinstance(cause, OrchestratorError):
            sys.exit(report(cause))
        if isinstance(cause, KeyboardInterrupt):
            sys.exit(130)
        raise
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except click.exceptions.Exit as ending:
        sys.exit(ending.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
