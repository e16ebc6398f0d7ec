"""`orchestrator plan`: the task graph of a mission."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.reaching import look
from orchestrator.cli.workspace_option import json_option, mission_argument, workspace_option
from orchestrator.client import Client
from orchestrator.domain.mission import Mission
from orchestrator_protocol.plan import PlanGetParams, PlanGetResult


@click.command("plan", epilog="Example: orchestrator plan --workspace ~/project")
@mission_argument
@workspace_option
@json_option
def command(mission: str, workspace: Path, is_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Show the plan of MISSION (default: the newest): every task, what it may write, what it waits for."""
    plan = look(workspace, mission, _ask, _read)
    if is_json:
        click.echo(plan.model_dump_json(by_alias=True))
    elif not plan.version:
        click.echo("there is no plan yet")
    else:
        from orchestrator.cli.plan_view import show_plan  # noqa: PLC0415 - loads the drawing for this alone

        show_plan(plan)
        click.echo(f"version {plan.version}, {'approved' if plan.is_approved else 'waits for approval'}")


async def _ask(client: Client, mission_id: str) -> PlanGetResult:
    return await client.request(PlanGetParams(mission_id=mission_id))


def _read(mission: Mission) -> PlanGetResult:
    from orchestrator.rpc.mapping import task_view  # noqa: PLC0415 - only where no server runs

    tasks = [task_view(task) for task in mission.tasks.values()]
    return PlanGetResult(version=mission.plan_version, is_approved=mission.is_plan_approved, tasks=tasks)
