"""How the command line says that something failed."""

from __future__ import annotations

import sys
from typing import cast

import click

from orchestrator.errors import OrchestratorError

USAGE = 2
NOT_SEALED = 1
INTERRUPTED = 130
_USAGE_CODES = frozenset(
    {
        "wrong_configuration",
        "wrong_rules",
        "bad_script",
        "bad_rule",
        "empty_mission",
        "bad_usage",
        "invalid_params",
        "no_such_path",
        "nothing_checked",
        "no_such_workspace",
        "not_a_folder",
        "script_too_large",
        "script_unreadable",
        "unknown_host",
        "unknown_mission",
        "ambiguous_mission",
        "unknown_task",
        "unknown_question",
        "empty_text",
        "workspace_too_large",
        "workspace_unreadable",
    }
)
"""Errors that a person mends by asking differently."""


def report(error: BaseException) -> int:
    """Print what happened and a hint to stderr; answers the exit code. Raises what is a defect."""
    cause = first_cause(error)
    match cause:
        case OrchestratorError():
            return _explain(cause)
        case click.ClickException():
            cause.show()
            return USAGE
        case click.exceptions.Exit():
            return cause.exit_code
        case click.Abort() | KeyboardInterrupt():
            return INTERRUPTED
        case BrokenPipeError():
            sys.stderr.close()
            return 0
        case _:
            raise error


def _explain(error: OrchestratorError) -> int:
    click.secho(f"error: {error.message}", fg="red", err=True)
    if error.hint:
        click.echo(f"hint: {error.hint}", err=True)
    return USAGE if error.code in _USAGE_CODES else NOT_SEALED


def first_cause(error: BaseException) -> BaseException:
    """The exception that came first out of nested groups; the others were cancelled because of it."""
    if isinstance(error, BaseExceptionGroup):
        several = cast("BaseExceptionGroup[BaseException]", error)
        return first_cause(several.exceptions[0])
    return error
