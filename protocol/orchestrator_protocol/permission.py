"""Questions to a person: asked of every client that can approve, answered once."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from orchestrator_protocol.mission import MissionId, QuestionView
from orchestrator_protocol.session import SessionId
from orchestrator_protocol.wire import RequestParams, Result

Answer = Literal["allow", "always", "deny"]
"""`always` allows the same subject for the rest of the mission."""


class PermissionRequest(Result):
    """A mission asks. Sent to every client that said that it can approve; also when such a client connects later."""

    mission_id: MissionId
    question: QuestionView


class PermissionReplyResult(Result):
    """The answer that counts."""

    answer: Answer
    by: str


class PermissionReplyParams(RequestParams[PermissionReplyResult]):
    """Answer a question. The first answer counts: a later one gets `already_answered`, naming it.

    Errors: already_answered, unknown_question, unknown_mission, no_workspace.
    """

    mission_id: MissionId
    question_id: Annotated[str, Field(min_length=1, max_length=200)]
    answer: Answer
    text: Annotated[str, Field(max_length=20_000)] = ""


class PermissionAskResult(Result):
    """What a person said, or an earlier `always`, or the deadline: then `answer` is "deny" and `text` says so."""

    answer: Answer
    by: str
    text: str


class PermissionAskParams(RequestParams[PermissionAskResult]):
    """Ask a person, on behalf of a hosted session, for leave; `text` is what they read.

    `subject` is what `always` allows for the rest of the mission. Cancelling withdraws the question. Errors:
    too_many_questions, unknown_session, no_workspace.
    """

    session_id: SessionId
    subject: Annotated[str, Field(min_length=1, max_length=4_000)]
    text: Annotated[str, Field(min_length=1, max_length=4_000)]
