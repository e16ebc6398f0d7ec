"""`orchestrator approve`: let a plan run, or refuse it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.reaching import on_mission, print_json
from orchestrator.cli.workspace_option import because_option, json_option, mission_argument, workspace_option
from orchestrator.errors import OrchestratorError

if TYPE_CHECKING:
    from orchestrator_protocol.plain.shapes import PlanApproveParams, PlanGetResult

_UNDECIDED = 3


@click.command("approve", epilog="Example: orchestrator approve --deny --because 'leave the tests alone'")
@mission_argument
@workspace_option
@click.option("--deny", is_flag=True, help="Refuse the plan: with --because it is planned again, else it ends.")
@because_option
@click.option("--yes", is_flag=True, help="Approve without being asked.")
@json_option
def command(mission: str, workspace: Path, deny: bool, because: str, yes: bool, is_json: bool) -> None:  # noqa: FBT001, PLR0917 - click calls it by name
    """Approve the plan of MISSION (default: the one under way), or refuse it.

    On a terminal the plan is shown, and you are asked. Exit code 3: nothing was decided.
    """
    is_asking = not (deny or yes or is_json) and sys.stdin.isatty() and sys.stderr.isatty()
    with on_mission(workspace, mission, is_active=True) as (ask, mission_id):
        plan = ask("plan/get", {"missionId": mission_id})
        if not plan["version"]:
            raise OrchestratorError("no_plan", f"mission {mission_id} has no plan yet", "wait until it is planned")
        if is_asking and not _confirmed(plan):
            click.echo("nothing was decided; the mission waits", err=True)
            sys.exit(_UNDECIDED)
        decision: PlanApproveParams = {
            "missionId": mission_id,
            "version": plan["version"],
            "isApproved": not deny,
            "text": because,
        }
        result = ask("plan/approve", decision)
    if is_json:
        print_json(result)
    else:
        click.echo(f"the plan is {'approved' if result['isApproved'] else 'refused'} by {result['by']}")


def _confirmed(plan: PlanGetResult) -> bool:
    from orchestrator.cli.plan_view import show_plan  # noqa: PLC0415 - loads the drawing for a terminal alone

    show_plan(plan, is_on_stderr=True)
    return click.confirm("Run this plan?", default=False, err=True)
