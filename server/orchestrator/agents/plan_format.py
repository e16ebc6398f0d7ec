"""The plan as JSON text: what a planner answers, read strictly, with every problem named by its field."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from orchestrator.agents.json_answers import find_object
from orchestrator.domain.plan import MAX_TASKS, Size, TaskSpec
from orchestrator.errors import OrchestratorError

MAX_PLAN_CHARACTERS = 8_000_000
MAX_PROBLEMS = 20

_Text = Annotated[str, Field(max_length=20_000)]
_Name = Annotated[str, Field(max_length=200)]
_Names = Annotated[list[Annotated[str, Field(max_length=4_096)]], Field(max_length=10_000)]


class PlanFormatError(OrchestratorError):
    """A planner's answer is no plan. `problems` holds one line each, with the path of the field."""

    def __init__(self, problems: Sequence[str]) -> None:
        """Keep the problems beside the message."""
        self.problems = tuple(problems)
        super().__init__(
            "malformed_plan",
            "the answer is no plan: " + "; ".join(self.problems[:3]),
            'answer with one JSON object: {"tasks": [...]}',
        )


class TaskModel(BaseModel):
    """One task of the JSON plan; `domain.plan.TaskSpec` says what the fields mean."""

    model_config = ConfigDict(strict=True, extra="forbid")

    id: _Name
    title: _Name
    why: _Text
    write_set: _Names
    depends_on: _Names = Field(default_factory=list)
    instructions: _Text = ""
    acceptance: list[_Text] = Field(default_factory=list)
    checks: _Names = Field(default_factory=list)
    size: Size = "small"

    def spec(self) -> TaskSpec:
        """The task as the domain knows it."""
        return TaskSpec(
            id=self.id,
            title=self.title,
            why=self.why,
            write_set=tuple(self.write_set),
            depends_on=tuple(self.depends_on),
            instructions=self.instructions,
            acceptance=tuple(self.acceptance),
            checks=tuple(self.checks),
            size=self.size,
        )


class PlanModel(BaseModel):
    """The whole JSON plan."""

    model_config = ConfigDict(strict=True, extra="forbid")

    tasks: list[TaskModel] = Field(max_length=MAX_TASKS)


def parse_plan(text: str) -> tuple[TaskSpec, ...]:
    """The tasks of a planner's answer, which may wrap its one JSON object in prose or a fence.

    Raises PlanFormatError. The rules of the graph (cycles, ids, paths, checks) are `domain.plan.validate`.
    """
    if len(text) > MAX_PLAN_CHARACTERS:
        raise PlanFormatError([f"the answer has {len(text)} characters; at most {MAX_PLAN_CHARACTERS} are read"])
    try:
        data = find_object(text, "tasks")
    except ValueError as error:
        raise PlanFormatError([str(error)]) from None
    try:
        plan = PlanModel.model_validate(data)
    except ValidationError as error:
        raise PlanFormatError(list(_describe(error))) from None
    return tuple(task.spec() for task in plan.tasks)


def render_plan(tasks: Sequence[TaskSpec]) -> str:
    """The JSON text of a plan; `parse_plan` reads it back."""
    rows = [
        {
            "id": task.id,
            "title": task.title,
            "why": task.why,
            "write_set": list(task.write_set),
            "depends_on": list(task.depends_on),
            "instructions": task.instructions,
            "acceptance": list(task.acceptance),
            "checks": list(task.checks),
            "size": task.size,
        }
        for task in tasks
    ]
    return json.dumps({"tasks": rows}, indent=2, ensure_ascii=False)


def _describe(error: ValidationError) -> Iterator[str]:
    errors = error.errors(include_url=False, include_input=False)
    for item in errors[:MAX_PROBLEMS]:
        yield f"{_field(item['loc'])}: {item['msg']}"
    if len(errors) > MAX_PROBLEMS:
        yield f"and {len(errors) - MAX_PROBLEMS} more problems"


def _field(location: tuple[int | str, ...]) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return path.lstrip(".") or "the answer"
