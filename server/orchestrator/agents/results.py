"""How each role hands in its result: one tool a role, so that weak models need no exact output format."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from orchestrator.agents.json_answers import find_object
from orchestrator.agents.plan_format import PlanModel
from orchestrator.agents.review_format import ReviewModel
from orchestrator.domain.words import Role
from orchestrator.errors import OrchestratorError
from orchestrator.ports.host import ToolDescription

MAX_PROBLEMS = 10
_Line = Annotated[str, Field(max_length=2_000)]
_Lines = Annotated[list[_Line], Field(max_length=50)]


class TaskResult(BaseModel):
    """What a worker or fixer says at the end."""

    model_config = ConfigDict(extra="forbid")

    summary: Annotated[str, Field(min_length=1, max_length=4_000, description="What you changed, in a few sentences.")]
    decisions: Annotated[_Lines, Field(description="Choices that others must know.")] = Field(default_factory=list[str])
    failed_approaches: Annotated[_Lines, Field(description="What you tried that did not work.")] = Field(
        default_factory=list[str]
    )


class FoundPlace(BaseModel):
    """One place that a search found."""

    model_config = ConfigDict(extra="forbid")

    path: Annotated[str, Field(min_length=1, max_length=4_096)]
    line: Annotated[int, Field(ge=1)] | None = None
    why: _Line


class SearchResult(BaseModel):
    """What a searcher found."""

    model_config = ConfigDict(extra="forbid")

    summary: Annotated[str, Field(min_length=1, max_length=8_000)]
    places: Annotated[list[FoundPlace], Field(max_length=200)] = Field(default_factory=list[FoundPlace])

    def words(self) -> str:
        """As a brief shows it."""
        shown = [f"- {place.path}{f':{place.line}' if place.line else ''}: {place.why}" for place in self.places]
        return "\n".join([self.summary, *shown])


def parse_search(text: str) -> SearchResult:
    """What a searcher reports; words without a form are a report too. Raises OrchestratorError `malformed_search`."""
    try:
        return SearchResult.model_validate(find_object(text, "summary"))
    except ValidationError as error:
        what = _lines_of("report_findings", error)[0]
        raise OrchestratorError("malformed_search", f"no report: {what}", "answer with report_findings") from None
    except ValueError:
        if not text.strip():
            raise OrchestratorError("malformed_search", "the report is empty", "answer with report_findings") from None
        return SearchResult(summary=text.strip()[:8_000])


@dataclass(frozen=True, slots=True)
class HandedIn:
    """What a result tool was given: the answer's text, and what of it others must know."""

    text: str
    decisions: tuple[str, ...] = ()
    failed_approaches: tuple[str, ...] = ()


@cache
def _schema(model: type[BaseModel]) -> Mapping[str, object]:
    """Made once a process: it takes milliseconds."""
    return model.model_json_schema()


@dataclass(frozen=True, slots=True)
class ResultTool:
    """The tool that ends a role's turn."""

    name: str
    purpose: str
    model: type[BaseModel]

    def describe(self) -> ToolDescription:
        """As a model is told of it."""
        return ToolDescription(self.name, self.purpose, _schema(self.model))

    def read(self, arguments: Mapping[str, object]) -> HandedIn:
        """The answer as the engine wants it. Raises ResultError."""
        try:
            result = self.model.model_validate(dict(arguments))
        except ValidationError as error:
            raise ResultError(self.name, error) from None
        if isinstance(result, TaskResult):
            return HandedIn(result.summary, tuple(result.decisions), tuple(result.failed_approaches))
        return HandedIn(json.dumps(result.model_dump(mode="json"), ensure_ascii=False))


class ResultError(ValueError):
    """A result does not fit; `problems` are lines that name each field."""

    def __init__(self, tool: str, error: ValidationError) -> None:
        """Put the problems into words that a model can act on."""
        self.problems = _lines_of(tool, error)
        super().__init__("; ".join(self.problems))


def _lines_of(tool: str, error: ValidationError) -> tuple[str, ...]:
    shown = error.errors(include_url=False, include_input=False)[:MAX_PROBLEMS]
    return tuple(f"{'.'.join(map(str, item['loc'])) or tool}: {item['msg']}" for item in shown)


_TASK = ResultTool("finish_task", "Say that the task is done. Call it once, at the end.", TaskResult)

RESULT_TOOLS: dict[Role, ResultTool] = {
    Role.PLANNER: ResultTool("submit_plan", "Hand in the plan. Call it once, at the end.", PlanModel),
    Role.SEARCHER: ResultTool("report_findings", "Hand in what you found. Call it once, at the end.", SearchResult),
    Role.REVIEWER: ResultTool("submit_review", "Hand in your verdict. Call it once, at the end.", ReviewModel),
    Role.WORKER: _TASK,
    Role.FIXER: _TASK,
}
"""One for every role."""
