"""One handler a method, named `noun_verb`. Each takes the engine's service and validated params."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from orchestrator.rpc.handlers.budget_change import budget_change
from orchestrator.rpc.handlers.budget_reserve import budget_reserve
from orchestrator.rpc.handlers.budget_settle import budget_settle
from orchestrator.rpc.handlers.check_list import check_list
from orchestrator.rpc.handlers.finding_list import finding_list
from orchestrator.rpc.handlers.job_kill import job_kill
from orchestrator.rpc.handlers.job_list import job_list
from orchestrator.rpc.handlers.job_log import job_log
from orchestrator.rpc.handlers.mission_deliver import mission_deliver
from orchestrator.rpc.handlers.mission_diff import mission_diff
from orchestrator.rpc.handlers.mission_estimate import mission_estimate
from orchestrator.rpc.handlers.mission_events import mission_events
from orchestrator.rpc.handlers.mission_list import mission_list
from orchestrator.rpc.handlers.mission_pause import mission_pause
from orchestrator.rpc.handlers.mission_resume import mission_resume
from orchestrator.rpc.handlers.mission_retry import mission_retry
from orchestrator.rpc.handlers.mission_start import mission_start
from orchestrator.rpc.handlers.mission_status import mission_status
from orchestrator.rpc.handlers.mission_stop import mission_stop
from orchestrator.rpc.handlers.mission_summary import mission_summary
from orchestrator.rpc.handlers.mission_undo import mission_undo
from orchestrator.rpc.handlers.permission_ask import permission_ask
from orchestrator.rpc.handlers.permission_reply import permission_reply
from orchestrator.rpc.handlers.plan_approve import plan_approve
from orchestrator.rpc.handlers.plan_get import plan_get
from orchestrator.rpc.handlers.plan_revise import plan_revise
from orchestrator.rpc.handlers.rule_explain import rule_explain
from orchestrator.rpc.handlers.rule_list import rule_list
from orchestrator.rpc.handlers.search_ast import search_ast
from orchestrator.rpc.handlers.search_glob import search_glob
from orchestrator.rpc.handlers.search_grep import search_grep
from orchestrator.rpc.handlers.server_health import server_health
from orchestrator.rpc.handlers.session_event import session_event
from orchestrator.rpc.handlers.task_log import task_log
from orchestrator.rpc.handlers.task_pause import task_pause
from orchestrator.rpc.handlers.task_resume import task_resume
from orchestrator.rpc.handlers.task_steer import task_steer
from orchestrator.rpc.handlers.task_stop import task_stop
from orchestrator.rpc.handlers.tool_call import tool_call
from orchestrator.rpc.peer import Peer
from orchestrator.rpc.service import Service
from orchestrator_protocol.wire import Result

MissionHandler = Callable[[Service, Any], Coroutine[Any, Any, Result]]
PeerHandler = Callable[[Service, Any, Peer], Coroutine[Any, Any, Result]]
"""Also gets the client that asks: what it can, and a way to call it back."""

HANDLERS: dict[str, MissionHandler] = {
    "mission/start": mission_start,
    "mission/stop": mission_stop,
    "mission/status": mission_status,
    "mission/list": mission_list,
    "mission/events": mission_events,
    "mission/diff": mission_diff,
    "mission/deliver": mission_deliver,
    "mission/summary": mission_summary,
    "mission/estimate": mission_estimate,
    "job/list": job_list,
    "job/log": job_log,
    "job/kill": job_kill,
    "plan/get": plan_get,
    "task/log": task_log,
    "finding/list": finding_list,
    "check/list": check_list,
    "search/grep": search_grep,
    "search/glob": search_glob,
    "search/ast": search_ast,
    "rule/list": rule_list,
    "rule/explain": rule_explain,
}
"""The handlers of requests; together with WITH_PEER every request in the table of methods has one."""

WITH_PEER: dict[str, PeerHandler] = {
    "server/health": server_health,
    "mission/pause": mission_pause,
    "mission/resume": mission_resume,
    "mission/retry": mission_retry,
    "mission/undo": mission_undo,
    "plan/approve": plan_approve,
    "plan/revise": plan_revise,
    "task/stop": task_stop,
    "task/pause": task_pause,
    "task/resume": task_resume,
    "task/steer": task_steer,
    "permission/reply": permission_reply,
    "permission/ask": permission_ask,
    "budget/change": budget_change,
    "budget/reserve": budget_reserve,
    "budget/settle": budget_settle,
    "tool/call": tool_call,
}
"""The handlers that need to know who asks."""

NOTES: dict[str, Callable[[Service, Any, Peer], None]] = {
    "session/event": session_event,
}
"""The handlers of notifications from clients; they never wait."""

IMMEDIATE = frozenset({"mission/status", "plan/get", "finding/list", "check/list", "server/health"})
"""Those that only look at what is in memory and never wait: they are run on the spot, without a task of their own,
unless the mission that they name has to be read from the journal first."""
