"""A reviewer's verdict: typed, with findings by file and line, each blocking one with evidence."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

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

    def is_approved(self, *, did_gates_pass: bool) -> bool:
        """Whether the work may go on: no reviewer approves what a gate refused."""
        return did_gates_pass and self.verdict == "approve"

    def blocking(self) -> tuple[Finding, ...]:
        """The blocking findings, as gates report theirs."""
        return tuple(
            Finding(
                "review",
                item.evidence_kind,
                item.path,
                f"{item.message} [{item.evidence.strip()}]",
                start_line=(item.line or 1) - 1,
                end_line=(item.line or 1) - 1,
            )
            for item in self.findings
            if item.is_blocking
        )


def parse_review(text: str) -> ReviewModel:
    """A verdict from a reviewer's answer. Raises OrchestratorError `malformed_review`."""
    try:
        return TypeAdapter(ReviewModel).validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        what = f"{'.'.join(map(str, first['loc'])) or 'the answer'}: {first['msg']}"
        raise OrchestratorError("malformed_review", f"no verdict: {what}", "answer with submit_review") from None
