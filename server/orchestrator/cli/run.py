"""`orchestrator run`: a mission from the shell, on the same server that editors start."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import anyio
import click
from pydantic import ValidationError
from rich.console import Console

from orchestrator.cli.following import Followed, follow
from orchestrator.cli.live import LiveView
from orchestrator.cli.seal_view import show_end
from orchestrator.cli.trusting import ask_for_trust
from orchestrator.cli.workspace_option import json_option, workspace_option
from orchestrator.errors import OrchestratorError
from orchestrator.reading import existing_places
from orchestrator_protocol.event import MissionEvent
from orchestrator_protocol.mission import DeliveryMode, MissionStartParams

EXIT_CODES = {"sealed": 0, "unverified": 3, "waiting": 3}
INTERRUPTED = 130


@click.command("run", epilog="Example: orchestrator run 'rename old_name to new_name' --workspace . --trust")
@click.argument("mission")
@workspace_option
@click.option(
    "--host", default="builtin", show_default=True, metavar="builtin|scripted:FILE", help="Where sessions run."
)
@click.option(
    "--deliver",
    type=click.Choice(["apply", "branch", "patch"]),
    default="apply",
    show_default=True,
    help="How finished work reaches the workspace.",
)
@click.option("--trust", is_flag=True, help="Trust this workspace: run the commands found in it. Remembered.")
@json_option
def command(mission: str, workspace: Path, host: str, deliver: DeliveryMode, trust: bool, is_json: bool) -> None:  # noqa: FBT001, PLR0917 - click calls it by name
    """Run MISSION in a workspace and show how it goes.

    Exit code 0: sealed, 1: not sealed, 2: wrong usage, 3: waiting for a person or unverified, 130: interrupted.
    """
    if not mission.strip():
        raise OrchestratorError("empty_mission", "the mission is empty", "say what should be done, in quotes")
    where = existing_places(workspace)
    params = _params(mission, host, deliver)
    is_trusted = trust or (not is_json and ask_for_trust(where))
    sys.exit(run_mission(workspace, params.model_copy(update={"trust": is_trusted}), is_json=is_json))


def _params(mission: str, host: str, deliver: DeliveryMode) -> MissionStartParams:
    try:
        return MissionStartParams(text=mission, host=host, delivery=deliver)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        if first["loc"] == ("host",):
            raise OrchestratorError("unknown_host", f"{host!r} names no host", "builtin, or scripted:FILE") from None
        message = f"the mission does not fit: {first['msg'].lower()}"
        raise OrchestratorError("bad_mission", message, "put long material in files and name them") from None


def run_mission(workspace: Path, params: MissionStartParams, *, is_json: bool) -> int:
    """Run a mission to its end and show it; answers the exit code."""
    if is_json:
        followed = anyio.run(partial(follow, workspace, params, take=_print_event, say=_say_on_stderr))
        click.echo(followed.status.model_dump_json(by_alias=True))
    else:
        console = Console(highlight=False)
        with LiveView(console) as view:
            followed = anyio.run(partial(follow, workspace, params, take=view.take, say=view.say))
        show_end(console, followed.status, followed.events)
    return exit_code(followed)


def exit_code(followed: Followed) -> int:
    """The exit code for how a mission ended."""
    if followed.is_interrupted and followed.status.status != "sealed":
        return INTERRUPTED
    return EXIT_CODES.get(followed.status.status, 1)


def _print_event(event: MissionEvent) -> None:
    click.echo(event.model_dump_json(by_alias=True))


def _say_on_stderr(text: str) -> None:
    click.echo(text, err=True)
