"""`orchestrator answer`: answer what a mission asks."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import anyio
import click

from orchestrator.cli.reaching import fitting, on_mission
from orchestrator.cli.workspace_option import because_option, json_option, mission_argument, workspace_option
from orchestrator.client import Client
from orchestrator.errors import OrchestratorError
from orchestrator_protocol.mission import MissionStatusParams
from orchestrator_protocol.permission import Answer, PermissionReplyParams, PermissionReplyResult
from orchestrator_protocol.session import BudgetChangeParams


@click.command("answer", epilog="Example: orchestrator answer always m-4be1 --question q-1c22")
@click.argument("answer", type=click.Choice(["allow", "always", "deny"]))
@mission_argument
@workspace_option
@click.option("--question", default="", metavar="ID", help="Which one; needed when several are open.")
@because_option
@click.option("--budget-tokens", type=click.IntRange(min=1), help="Set this limit first.")
@click.option("--budget-usd", type=click.FloatRange(min=0, min_open=True), help="Set this limit first.")
@json_option
def command(  # noqa: PLR0917 - click calls it by name
    answer: Answer,
    mission: str,
    workspace: Path,
    question: str,
    because: str,
    budget_tokens: int | None,
    budget_usd: float | None,
    is_json: bool,  # noqa: FBT001 - click passes flags so
) -> None:
    """Answer what MISSION (default: the one under way) asks; `always` allows the same for the rest of it.

    `orchestrator status` shows the questions. The first answer counts, wherever it comes from.
    """
    limits = partial(BudgetChangeParams, tokens=budget_tokens, money_usd=budget_usd)
    make = partial(PermissionReplyParams, answer=answer, text=because)

    async def go() -> PermissionReplyResult:
        async with on_mission(workspace, mission, is_active=True) as (client, mission_id):
            question_id = question or await _only_question(client, mission_id)
            if budget_tokens or budget_usd:
                await client.request(limits(mission_id=mission_id))
            return await client.request(fitting(lambda: make(mission_id=mission_id, question_id=question_id)))

    result = anyio.run(go)
    click.echo(result.model_dump_json(by_alias=True) if is_json else f"{result.by} answered: {result.answer}")


async def _only_question(client: Client, mission_id: str) -> str:
    """The one question that is open. Raises UsageError when there are several."""
    questions = (await client.request(MissionStatusParams(mission_id=mission_id))).questions
    if not questions:
        raise OrchestratorError("unknown_question", f"mission {mission_id} asks nothing", "orchestrator status")
    if len(questions) > 1:
        several = "".join(f"\n  {question.id}  {question.text}" for question in questions)
        raise click.UsageError(f"{len(questions)} questions are open, choose one with --question:{several}")
    return questions[0].id
