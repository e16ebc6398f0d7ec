"""A reviewer's verdict: typed, with findings by file and line, each blocking one with evidence."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from orchestrator.agents.json_answers import find_object
from orchestrator.domain.finding import Finding
from orchestrator.errors import OrchestratorError

MAX_FINDINGS = 100


class ReviewFinding(BaseModel):
    """One finding. A blocking one is backed by evidence that anybody can look at; without it, it is advice."""

    model_config = ConfigDict(extra="forbid")

    path: Annotated[str, Field(max_length=4_096, description="File, relative to the workspace.")]
    line: Annotated[int, Field(ge=1)] | None = None
    message: Annotated[str, Field(min_length=1, max_length=2_000)]
    is_blocking: bool = False
    evidence_kind: Annotated[
        Literal["none", "failing_command", "rule", "quoted_requirement"],
        Field(description="What backs a blocking finding."),
    ] = "none"
    evidence: Annotated[
        str,
        Field(max_length=4_000, description="The command and its output, the rule's name, or the words of the task."),
    ] = ""

    @model_validator(mode="after")
    def _is_backed(self) -> ReviewFinding:
        if self.is_blocking and (self.evidence_kind == "none" or not self.evidence.strip()):
            raise ValueError(
                "a blocking finding needs evidence_kind and evidence; without them set is_blocking to false"
            )
        return self


class ReviewModel(BaseModel):
    """The whole verdict."""

    model_config = ConfigDict(extra="forbid")

    verdict: Literal["approve", "request_changes"]
    summary: Annotated[str, Field(min_length=1, max_length=4_000)]
    findings: Annotated[list[ReviewFinding], Field(max_length=MAX_FINDINGS)] = Field(
        default_factory=list[ReviewFinding]
    )

    @model_validator(mode="after")
    def _is_of_one_mind(self) -> ReviewModel:
        is_blocking = any(finding.is_blocking for finding in self.findings)
        if is_blocking and self.verdict == "approve":
            raise ValueError("a blocking finding and approve contradict each other")
        if not is_blocking and self.verdict == "request_changes":
            raise ValueError("request_changes needs at least one blocking finding with evidence")
        return self

    def blocking(self) -> tuple[Finding, ...]:
        """The blocking findings, as gates report theirs."""
        return tuple(_finding(item) for item in self.findings if item.is_blocking)

    def advice(self) -> tuple[Finding, ...]:
        """What does not block."""
        return tuple(_finding(item) for item in self.findings if not item.is_blocking)


def _finding(item: ReviewFinding) -> Finding:
    line = (item.line or 1) - 1
    proof = f" [{item.evidence.strip()}]" if item.evidence.strip() else ""
    severity = "error" if item.is_blocking else "info"
    return Finding(
        "review", item.evidence_kind, item.path, item.message + proof, severity, start_line=line, end_line=line
    )


def parse_review(text: str) -> ReviewModel:
    """A verdict from a reviewer's answer, which may wrap its one JSON object in prose.

    Raises OrchestratorError `malformed_review`.
    """
    try:
        return ReviewModel.model_validate(find_object(text, "verdict"))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        what = f"{'.'.join(map(str, first['loc'])) or 'the answer'}: {first['msg']}"
        raise OrchestratorError("malformed_review", f"no verdict: {what}", "answer with submit_review") from None
    except ValueError as error:
        raise OrchestratorError("malformed_review", f"no verdict: {error}", "answer with submit_review") from None
