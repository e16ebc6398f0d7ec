"""How the command line says that something failed."""

from __future__ import annotations

from typing import cast

import click

from orchestrator.errors import OrchestratorError

USAGE = 2
NOT_SEALED = 1
_USAGE_CODES = frozenset(
    {
        "wrong_configuration",
        "wrong_rules",
        "bad_script",
        "bad_rule",
        "empty_mission",
        "bad_usage",
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
        "workspace_too_large",
        "workspace_unreadable",
    }
)
"""Errors that a person mends by asking differently."""


def report(error: OrchestratorError) -> int:
    """Print message and hint to stderr; answers the exit code."""
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
