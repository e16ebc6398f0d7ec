"""Sessions that a client hosts for the server, and what such a host asks of it.

The server sends `session/*` to the client that a mission runs on; the client answers at once and tells how a turn ends
with `session/event`. Tools that a session calls come back as `tool/call`, means for a model call as `budget/reserve`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from orchestrator_protocol.bounds import MAX_COUNT, MAX_USD
from orchestrator_protocol.task import Role
from orchestrator_protocol.wire import Params, RequestParams, Result

SessionId = Annotated[str, Field(min_length=1, max_length=200)]
Place = Annotated[str, Field(min_length=1, max_length=500)]
"""The client's own name for a session; it stays valid when the server starts anew."""


class ToolSchema(Result):
    """A tool that the session may call: its name, what it does, and the JSON Schema of its arguments."""

    name: str
    description: str
    arguments: dict[str, Any]


class SessionCreateResult(Params):
    """The session is there, idle."""

    place: Place


class SessionCreateParams(Result):
    """Open a session. It may call `tools` and nothing else; `system` is its system prompt.

    `session_id` is the server's name for it, `parent` the client's own for the session that the mission was started in
    ("" for none). `model` is the wanted model ("" leaves it to the client).
    """

    session_id: SessionId
    mission_id: str
    task_id: str
    role: Role
    title: str
    system: str
    tools: list[ToolSchema]
    model: str = ""
    parent: str = ""


class SessionPromptResult(Params):
    """The turn has begun; its end comes as `session/event`."""

    turn_id: Annotated[str, Field(max_length=200)] = ""


class SessionPromptParams(Result):
    """Say something to an idle session. Answer at once."""

    session_id: SessionId
    place: str
    text: str


class SessionAbortResult(Params):
    """The turn has ended and its commands are dead."""


class SessionAbortParams(Result):
    """End the turn under way, if there is one. Answer when nothing of it runs any more."""

    session_id: SessionId
    place: str


class SessionMessage(Params):
    """One message of a session."""

    role: Literal["user", "assistant", "tool"]
    text: Annotated[str, Field(max_length=1_000_000)]


class SessionMessagesResult(Params):
    """What a session is doing, and the end of its talk. `is_alive` false: the client does not know it any more."""

    is_alive: bool
    is_busy: bool = False
    messages: Annotated[list[SessionMessage], Field(max_length=1_000)] = []


class SessionMessagesParams(Result):
    """Look at a session, also one that the client hosted for an earlier server. At most `limit` newest messages."""

    session_id: SessionId
    place: str
    limit: int = 20


class SessionCompactResult(Params):
    """The session's history is shorter."""


class SessionCompactParams(Result):
    """Shorten a session's history, keeping `keep` word for word. Only for hosts that can."""

    session_id: SessionId
    place: str
    keep: str


class SessionDeleteResult(Params):
    """The session is gone, or was."""


class SessionDeleteParams(Result):
    """Forget a session."""

    session_id: SessionId
    place: str


class HostNotify(Result):
    """Something for the person at the client to see: shown once, as a toast or a line of the status bar.

    Sent when four fifths of a limit are used, when a mission waits for an answer, and when it has ended: to clients
    that host sessions, and to those that ask for `show.notices`.
    """

    mission_id: str
    level: Literal["info", "success", "warning", "error"]
    title: str
    text: str


class SessionEvent(Params):
    """How a hosted session goes; the server takes it from the client that hosts the session alone.

    "idle" ends a turn with its answer `text`; "failed" ends it with a `failure` class, what the provider said (`text`)
    and how long it asks to wait; "active" only says that it lives. `input_tokens`, `output_tokens`, `money_usd` are of
    this turn.
    """

    session_id: SessionId
    type: Literal["idle", "failed", "active"]
    text: Annotated[str, Field(max_length=10_000_000)] = ""
    failure: (
        Literal[
            "rate_limited",
            "quota_exhausted",
            "overloaded",
            "server_error",
            "cut_off",
            "stalled",
            "unauthorized",
            "no_such_model",
            "bad_history",
            "unknown_tool",
            "too_long",
            "empty_answer",
            "refused",
            "looping",
            "crashed",
            "timed_out",
            "context_overflow",
            "malformed",
            "tool_failed",
            "unavailable",
            "unsupported",
            "unknown",
        ]
        | None
    ) = None
    retry_after_s: Annotated[float, Field(ge=0)] | None = None
    turn_id: Annotated[str, Field(max_length=200)] = ""
    input_tokens: Annotated[int, Field(ge=0, le=MAX_COUNT)] = 0
    output_tokens: Annotated[int, Field(ge=0, le=MAX_COUNT)] = 0
    money_usd: Annotated[float, Field(ge=0, le=MAX_USD)] = 0.0


class ToolCallResult(Result):
    """What the tool answered. `is_error`: it was refused or failed, and `text` says why and what to do."""

    is_error: bool
    text: str
    data: dict[str, Any]


class ToolCallParams(RequestParams[ToolCallResult]):
    """A hosted session calls a tool. The arguments are checked here, not by the client.

    Errors: unknown_session, no_workspace. What goes wrong in the tool is a result, for the session to read.
    """

    session_id: SessionId
    tool: Annotated[str, Field(min_length=1, max_length=100)]
    arguments: dict[str, Any] = {}


class BudgetReserveResult(Result):
    """The call may be made; say what it used with `budget/settle`."""

    reservation_id: str


class BudgetReserveParams(RequestParams[BudgetReserveResult]):
    """Hold back the worst case of a model call before it is made. Waits while the mission is held or a limit reached.

    Money is in US dollars. Errors: budget_exhausted (a person said no: do not call), unknown_session, no_workspace.
    """

    session_id: SessionId
    tokens: Annotated[int, Field(ge=0, le=MAX_COUNT)]
    money_usd: Annotated[float, Field(ge=0, le=MAX_USD)] = 0.0


class BudgetSettleResult(Result):
    """The account is up to date."""


class BudgetSettleParams(RequestParams[BudgetSettleResult]):
    """Say what a call that was reserved has used. Errors: unknown_reservation, unknown_session, no_workspace."""

    session_id: SessionId
    reservation_id: Annotated[str, Field(min_length=1, max_length=200)]
    tokens: Annotated[int, Field(ge=0, le=MAX_COUNT)]
    money_usd: Annotated[float, Field(ge=0, le=MAX_USD)] = 0.0


class BudgetChangeResult(Result):
    """The limits are set."""


class BudgetChangeParams(RequestParams[BudgetChangeResult]):
    """Set limits of a mission anew, never below what is used. Errors: limit_too_low, unknown_mission, no_workspace."""

    mission_id: Annotated[str, Field(min_length=1, max_length=200)]
    tokens: Annotated[int, Field(ge=1, le=MAX_COUNT)] | None = None
    money_usd: Annotated[float, Field(gt=0, le=MAX_USD)] | None = None
    turns: Annotated[int, Field(ge=1, le=MAX_COUNT)] | None = None
    tool_calls: Annotated[int, Field(ge=1, le=MAX_COUNT)] | None = None
