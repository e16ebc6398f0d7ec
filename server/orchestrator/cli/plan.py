"""`orchestrator plan`: the task graph of a mission."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.reaching import look, plain, print_json
from orchestrator.cli.workspace_option import json_option, mission_argument, workspace_option

if TYPE_CHECKING:
    from orchestrator.domain.mission import Mission
    from orchestrator_protocol.plain import shapes


@click.command("plan", epilog="Example: orchestrator plan --workspace ~/project")
@mission_argument
@workspace_option
@json_option
def command(mission: str, workspace: Path, is_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Show the plan of MISSION (default: the newest): every task, what it may write, what it waits for."""
    plan = look(workspace, mission, lambda ask, m: ask("plan/get", {"missionId": m}), _read)
    if is_json:
        print_json(plan)
    elif not plan["version"]:
        click.echo("there is no plan yet")
    else:
        from orchestrator.cli.plan_view import show_plan  # noqa: PLC0415 - loads the drawing for this alone

        show_plan(plan)
        click.echo(f"version {plan['version']}, {'approved' if plan['isApproved'] else 'waits for approval'}")


def _read(mission: Mission) -> shapes.PlanGetResult:
    from orchestrator.rpc.mapping import task_view  # noqa: PLC0415 - only where no server runs
    from orchestrator_protocol.plan import PlanGetResult  # noqa: PLC0415 - as above

    tasks = [task_view(task) for task in mission.tasks.values()]
    return plain(PlanGetResult(version=mission.plan_version, is_approved=mission.is_plan_approved, tasks=tasks))
