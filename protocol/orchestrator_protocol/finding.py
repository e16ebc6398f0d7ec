"""Findings and checks of a mission."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from orchestrator_protocol.mission import MissionId
from orchestrator_protocol.seal import ReceiptView, Stage
from orchestrator_protocol.wire import RequestParams, Result


class FindingView(Result):
    """One report of one gate. Lines and columns count from 0; columns in Unicode code points.

    `path` is relative to the workspace ("" when it concerns no file); `task_id` is the task whose attempt showed it.
    """

    gate: str
    rule: str
    path: str
    message: str
    severity: Literal["error", "warning", "info", "hint"]
    start_line: int
    start_column: int
    end_line: int
    end_column: int
    task_id: str


class FindingListResult(Result):
    """Findings that stand now. `is_cut` when there were more than the server sends."""

    findings: list[FindingView]
    is_cut: bool


class FindingListParams(RequestParams[FindingListResult]):
    """Ask for the findings of the newest attempt of each open task, and of the last seal round.

    Errors: unknown_mission, unknown_task, no_workspace.
    """

    mission_id: MissionId
    task_id: Annotated[str, Field(max_length=200)] = ""


class CheckView(Result):
    """A command that judges the mission, with the receipts of its runs at the seal. `source` is the file it is from."""

    name: str
    command: str
    when: Stage
    timeout_s: float
    is_declared: bool
    source: str
    receipts: list[ReceiptView]


class CheckListResult(Result):
    """The checks, frozen from the base; `held_back` names those that wait for trust."""

    checks: list[CheckView]
    held_back: list[str]


class CheckListParams(RequestParams[CheckListResult]):
    """Ask which commands judge a mission. Errors: unknown_mission, no_workspace."""

    mission_id: MissionId
