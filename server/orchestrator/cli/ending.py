"""What a command that followed a mission leaves behind: lines for programs, and an exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from orchestrator.cli.following import Followed
    from orchestrator_protocol.event import MissionEvent

_EXIT_CODES = {"sealed": 0, "unverified": 3, "waiting": 3}
_NOT_SEALED = 1
_INTERRUPTED = 130


def exit_code(followed: Followed) -> int:
    """The exit code for how a mission ended."""
    if followed.is_interrupted and followed.status.status != "sealed":
        return _INTERRUPTED
    return _EXIT_CODES.get(followed.status.status, _NOT_SEALED)


def print_event(event: MissionEvent) -> None:
    """One event as a line of JSON on stdout."""
    click.echo(event.model_dump_json(by_alias=True))
