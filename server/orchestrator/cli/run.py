"""`orchestrator run`: a mission from the shell, on the same server that editors start."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.amounts import TOKENS, USD
from orchestrator.cli.reaching import plain, print_json, say_on_stderr
from orchestrator.cli.workspace_option import json_option, workspace_option
from orchestrator.client.plain import plain_shared
from orchestrator.errors import OrchestratorError
from orchestrator.reading import existing_places

if TYPE_CHECKING:
    from orchestrator_protocol.mission import Budget, MissionStartParams

    Make = Callable[[], MissionStartParams]

_SCRIPTED = "scripted:"


@click.command("run", epilog="Example: orchestrator run 'rename old_name to new_name' --workspace . --trust")
@click.argument("mission")
@workspace_option
@click.option("--host", metavar="builtin|model|scripted:FILE", help="Where sessions run.  [default: as configured]")
@click.option(
    "--deliver",
    type=click.Choice(["apply", "branch", "patch"]),
    help="How finished work reaches the workspace.  [default: as configured]",
)
@click.option("--trust", is_flag=True, help="Trust this workspace: run the commands found in it. Remembered.")
@click.option("--approve-plan", is_flag=True, help="Wait for `orchestrator approve` before any work begins.")
@click.option("--budget-tokens", type=TOKENS, help="Most tokens that the mission may use.")
@click.option("--budget-usd", type=USD, help="Most money, in US dollars.")
@click.option("--detach", is_flag=True, help="Start it, print its id and leave; `orchestrator watch` follows it.")
@json_option
def command(  # noqa: PLR0917 - click calls it by name
    mission: str,
    workspace: Path,
    host: str | None,
    deliver: str | None,
    trust: bool,  # noqa: FBT001 - click passes flags so
    approve_plan: bool,  # noqa: FBT001 - as above
    budget_tokens: int | None,
    budget_usd: float | None,
    detach: bool,  # noqa: FBT001 - as above
    is_json: bool,  # noqa: FBT001 - as above
) -> None:
    """Run MISSION in a workspace and show how it goes.

    Ctrl-C once stops it gently, twice leaves at once. Exit code 0: sealed, 1: not sealed, 2: wrong usage, 3: waiting
    for a person or unverified, 130: interrupted.
    """
    if not mission.strip():
        raise OrchestratorError("empty_mission", "the mission is empty", "say what should be done, in quotes")

    def make() -> MissionStartParams:
        from orchestrator.cli.trusting import ask_for_trust  # noqa: PLC0415 - loaded once the server has answered
        from orchestrator.config.layers import load  # noqa: PLC0415 - as above
        from orchestrator_protocol.mission import Budget  # noqa: PLC0415 - as above

        where = existing_places(workspace)
        config = load(where.root, {"delivery": deliver} if deliver else {}).require()
        given = {"tokens": budget_tokens, "money_usd": budget_usd}
        budget = Budget.model_validate({name: limit for name, limit in given.items() if limit is not None})
        more = {
            "delivery": config.delivery,
            "approval": "plan" if approve_plan else config.approval,
            "trust": trust or (not is_json and ask_for_trust(where)),
        }
        return _params(mission, config.host if host is None else _absolute(host), budget).model_copy(update=more)

    existing_places(workspace)  # says that there is none, and starts nothing for it
    way = _detach if detach else run_mission
    sys.exit(way(workspace, make, is_json=is_json))


def _absolute(host: str) -> str:
    """A script named on the command line is one of this folder; the server would look in the workspace."""
    if not host.startswith(_SCRIPTED) or host == _SCRIPTED:
        return host
    return _SCRIPTED + os.path.abspath(host.removeprefix(_SCRIPTED))  # noqa: PTH100 - resolve() would follow links


def _params(mission: str, host: str, budget: Budget) -> MissionStartParams:
    from pydantic import ValidationError  # noqa: PLC0415 - as above

    from orchestrator_protocol.mission import MissionStartParams  # noqa: PLC0415 - as above

    try:
        return MissionStartParams(text=mission, host=host, budget=budget)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        if first["loc"] == ("host",):
            known = "builtin, model, or scripted:FILE"
            raise OrchestratorError("unknown_host", f"{host!r} names no host", known) from None
        message = f"the mission does not fit: {first['msg'].lower()}"
        raise OrchestratorError("bad_mission", message, "put long material in files and name them") from None


def _said(params: MissionStartParams) -> Any:  # noqa: ANN401 - the shape of the same name
    """Only what was said: the server takes each limit that was not from the configuration."""
    return params.model_dump(mode="json", by_alias=True, exclude_unset=True)


def _detach(workspace: Path, make: Make, *, is_json: bool) -> int:
    """Start a mission and leave it to the server."""
    with plain_shared(workspace, say_on_stderr) as client:
        started = client.ask("mission/start", _said(make()))
    if is_json:
        print_json(started)
    else:
        click.echo(started["missionId"])
        say_on_stderr(f"follow it: orchestrator watch {started['missionId']}")
    return 0


def run_mission(workspace: Path, make: Make, *, is_json: bool) -> int:
    """Run a mission to its end and show it; answers the exit code. What it is, is made once the server has answered.

    With nobody at a terminal it also ends, with 3, when the mission comes to wait for a person.
    """
    with ExitStack() as stack:
        with plain_shared(workspace, say_on_stderr) as client:
            params = _said(make())
            import anyio  # noqa: PLC0415 - as above

            from orchestrator.cli.ending import exit_code, print_event  # noqa: PLC0415 - as above
            from orchestrator.cli.following import follow, noted_signals  # noqa: PLC0415 - as above

            noted = stack.enter_context(noted_signals())
            started = client.ask("mission/start", params)
        if started["queuePosition"]:
            say_on_stderr(f"queued: {started['queuePosition']} missions run before this one")
        begin = partial(follow, workspace, started["missionId"], noted, is_attended=sys.stderr.isatty())
        if is_json:
            followed = anyio.run(partial(begin, take=print_event, say=say_on_stderr))
            print_json(plain(followed.status))
        else:
            from orchestrator.cli.live import LiveView, terminal  # noqa: PLC0415 - when something is drawn
            from orchestrator.cli.seal_view import show_end  # noqa: PLC0415 - as above

            console = terminal()
            with LiveView(console) as view:
                followed = anyio.run(partial(begin, take=view.take, say=view.say))
            show_end(console, followed.status, followed.events)
    return exit_code(followed)
