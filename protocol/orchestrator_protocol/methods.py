"""The table of all methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeGuard

from orchestrator_protocol import (
    event,
    finding,
    job,
    mission,
    permission,
    plan,
    progress,
    search,
    server,
    session,
    task,
)
from orchestrator_protocol.wire import Params, RequestParams, Result

Direction = Literal["client_to_server", "server_to_client"]
COMMAND_PREFIX = "orchestrator."
"""What the commands of `workspace/executeCommand` begin with."""


@dataclass(frozen=True, slots=True)
class Method:
    """One method. A request has a result model; a notification has none.

    What the server receives (params of requests, results and notifications of clients) is a strict `Params`, what it
    sends an extensible `Result`.
    """

    name: str
    direction: Direction
    params: type[Params | Result]
    result: type[Params | Result] | None
    doc: str

    @property
    def command(self) -> str:
        """Its name in LSP's `workspace/executeCommand`: "orchestrator.mission.start" for "mission/start"."""
        return COMMAND_PREFIX + self.name.replace("/", ".")


def _request(name: str, params: type[RequestParams[Any]], result: type[Result], doc: str) -> Method:
    return Method(name, "client_to_server", params, result, doc)


def _ask(name: str, params: type[Result], result: type[Params], doc: str) -> Method:
    return Method(name, "server_to_client", params, result, doc)


_TABLE = (
    _request(
        "mission/start",
        mission.MissionStartParams,
        mission.MissionStartResult,
        "Take a mission in and run or queue it.",
    ),
    _request(
        "mission/stop",
        mission.MissionStopParams,
        mission.MissionStopResult,
        "Stop a mission and wait until it is reaped; its work so far stays on the mission's ref.",
    ),
    _request(
        "mission/status", mission.MissionStatusParams, mission.MissionStatusResult, "All that is known of a mission."
    ),
    _request(
        "mission/list",
        mission.MissionListParams,
        mission.MissionListResult,
        "The newest missions of the workspace, in short.",
    ),
    _request("mission/events", event.MissionEventsParams, event.MissionEventsResult, "Events after a sequence number."),
    _request("mission/diff", mission.MissionDiffParams, mission.MissionDiffResult, "The work as a unified diff."),
    _request(
        "mission/deliver", mission.MissionDeliverParams, mission.MissionDeliverResult, "Bring the work to the user."
    ),
    Method(
        "mission/event",
        "server_to_client",
        event.MissionEvent,
        None,
        "One committed fact, in order, for all missions of the workspace from the time of `initialize` on.",
    ),
    Method(
        "mission/progress",
        "server_to_client",
        progress.MissionProgress,
        None,
        "Where a mission stands, in short; also for a client that is too slow for events.",
    ),
    Method(
        "mission/eventsDropped",
        "server_to_client",
        progress.EventsDropped,
        None,
        "This client read too slowly and missed events; `mission/events` has them.",
    ),
    _request("server/health", server.ServerHealthParams, server.ServerHealthResult, "How the server is."),
    _request("mission/pause", mission.MissionPauseParams, mission.MissionHoldResult, "Hold a mission."),
    _request("mission/resume", mission.MissionResumeParams, mission.MissionHoldResult, "Let a held mission go on."),
    _request("mission/retry", mission.MissionRetryParams, mission.MissionHoldResult, "Try an ended mission again."),
    _request(
        "mission/undo",
        mission.MissionUndoParams,
        mission.MissionUndoResult,
        "Take back what a mission, or one task of it, wrote.",
    ),
    _request(
        "mission/summary",
        mission.MissionSummaryParams,
        mission.MissionSummaryResult,
        "The story of a mission, for people and programs.",
    ),
    _request(
        "mission/estimate",
        mission.MissionEstimateParams,
        mission.MissionEstimateResult,
        "What a mission is likely to need.",
    ),
    _request("plan/get", plan.PlanGetParams, plan.PlanGetResult, "The task graph of a mission."),
    _request("plan/approve", plan.PlanApproveParams, plan.PlanApproveResult, "Approve or refuse a plan."),
    _request(
        "plan/revise", plan.PlanReviseParams, plan.PlanReviseResult, "Change a plan, against the version that was seen."
    ),
    _request("task/stop", task.TaskStopParams, task.TaskResult, "End a task's attempt and hold the task."),
    _request("task/pause", task.TaskPauseParams, task.TaskResult, "Hold a task."),
    _request("task/resume", task.TaskResumeParams, task.TaskResult, "Let a held task go on."),
    _request("task/steer", task.TaskSteerParams, task.TaskResult, "Say something to whoever works on a task."),
    _request("task/log", task.TaskLogParams, task.TaskLogResult, "What happened to a task."),
    _request(
        "permission/reply",
        permission.PermissionReplyParams,
        permission.PermissionReplyResult,
        "Answer a question of a mission.",
    ),
    _request(
        "permission/ask",
        permission.PermissionAskParams,
        permission.PermissionAskResult,
        "For hosts: a session needs a person's leave.",
    ),
    _request("finding/list", finding.FindingListParams, finding.FindingListResult, "The findings that stand now."),
    _request(
        "check/list",
        finding.CheckListParams,
        finding.CheckListResult,
        "The commands that judge a mission, with their receipts.",
    ),
    _request("job/list", job.JobListParams, job.JobListResult, "The background jobs of a mission."),
    _request("job/log", job.JobLogParams, job.JobLogResult, "The end of a job's output."),
    _request("job/kill", job.JobKillParams, job.JobKillResult, "End a job."),
    _request("search/grep", search.SearchGrepParams, search.SearchResult, "Find lines."),
    _request("search/glob", search.SearchGlobParams, search.SearchGlobResult, "Find files."),
    _request("search/ast", search.SearchAstParams, search.SearchResult, "Find code by its structure."),
    _request("rule/list", search.RuleListParams, search.RuleListResult, "The rules of the style guardian."),
    _request("rule/explain", search.RuleExplainParams, search.RuleExplainResult, "What a rule is about."),
    _request("budget/change", session.BudgetChangeParams, session.BudgetChangeResult, "Set limits of a mission anew."),
    _request(
        "budget/reserve",
        session.BudgetReserveParams,
        session.BudgetReserveResult,
        "For hosts: hold back the worst case of a model call.",
    ),
    _request(
        "budget/settle", session.BudgetSettleParams, session.BudgetSettleResult, "For hosts: say what a call has used."
    ),
    _request("tool/call", session.ToolCallParams, session.ToolCallResult, "For hosts: a session calls a tool."),
    Method("session/event", "client_to_server", session.SessionEvent, None, "For hosts: how a session goes."),
    _ask("session/create", session.SessionCreateParams, session.SessionCreateResult, "To a host: open a session."),
    _ask(
        "session/prompt",
        session.SessionPromptParams,
        session.SessionPromptResult,
        "To a host: say something to a session.",
    ),
    _ask("session/abort", session.SessionAbortParams, session.SessionAbortResult, "To a host: end the turn under way."),
    _ask(
        "session/messages",
        session.SessionMessagesParams,
        session.SessionMessagesResult,
        "To a host: look at a session.",
    ),
    _ask(
        "session/compact",
        session.SessionCompactParams,
        session.SessionCompactResult,
        "To a host: shorten a session's history.",
    ),
    _ask("session/delete", session.SessionDeleteParams, session.SessionDeleteResult, "To a host: forget a session."),
    Method("host/notify", "server_to_client", session.HostNotify, None, "Something for a person to see, once."),
    Method("permission/request", "server_to_client", permission.PermissionRequest, None, "A mission asks a person."),
)

METHODS: dict[str, Method] = {method.name: method for method in _TABLE}
"""Every method by its name."""


def _is_request(params: type[Params | Result]) -> TypeGuard[type[RequestParams[Any]]]:
    return issubclass(params, RequestParams)


REQUESTS: dict[type[RequestParams[Any]], Method] = {
    method.params: method for method in _TABLE if _is_request(method.params)
}
"""The requests by their params model."""


def commands() -> dict[str, Method]:
    """What a bare LSP client can call with `workspace/executeCommand`, by the command's name.

    Every method of the server is one; its params are the one element of `arguments` (none when all have defaults), and
    the reply of a request is the command's.
    """
    return {method.command: method for method in METHODS.values() if method.direction == "client_to_server"}
