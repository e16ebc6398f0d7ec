"""`orchestrator answer`: answer what a mission asks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.amounts import TOKENS, USD
from orchestrator.cli.reaching import act, print_json
from orchestrator.cli.workspace_option import because_option, json_option, mission_argument, workspace_option
from orchestrator.errors import OrchestratorError

if TYPE_CHECKING:
    from orchestrator_protocol.plain.asking import Ask
    from orchestrator_protocol.plain.shapes import Answer, BudgetChangeParams, PermissionReplyResult


@click.command("answer", epilog="Example: orchestrator answer always m-4be1 --question q-1c22")
@click.argument("answer", type=click.Choice(["allow", "always", "deny"]))
@mission_argument
@workspace_option
@click.option("--question", default="", metavar="ID", help="Which one; needed when several are open.")
@because_option
@click.option("--budget-tokens", type=TOKENS, help="Set this limit first.")
@click.option("--budget-usd", type=USD, help="Set this limit first.")
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

    def reply(ask: Ask, mission_id: str) -> PermissionReplyResult:
        question_id = question or _only_question(ask, mission_id)
        if budget_tokens or budget_usd:
            limits: BudgetChangeParams = {"missionId": mission_id, "tokens": budget_tokens, "moneyUsd": budget_usd}
            ask("budget/change", limits)
        return ask(
            "permission/reply",
            {"missionId": mission_id, "questionId": question_id, "answer": answer, "text": because},
        )

    _, result = act(workspace, mission, reply, is_active=True)
    if is_json:
        print_json(result)
    else:
        click.echo(f"{result['by']} answered: {result['answer']}")


def _only_question(ask: Ask, mission_id: str) -> str:
    """The one question that is open. Raises UsageError when there are several."""
    questions = ask("mission/status", {"missionId": mission_id})["questions"]
    if not questions:
        raise OrchestratorError("unknown_question", f"mission {mission_id} asks nothing", "orchestrator status")
    if len(questions) > 1:
        several = "".join(f"\n  {question['id']}  {question['text']}" for question in questions)
        raise click.UsageError(f"{len(questions)} questions are open, choose one with --question:{several}")
    return questions[0]["id"]
