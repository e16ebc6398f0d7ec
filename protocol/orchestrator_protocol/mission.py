"""Missions: start, stop, look at, deliver."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from orchestrator_protocol.seal import SealView
from orchestrator_protocol.task import TaskCounts, TaskView
from orchestrator_protocol.wire import RequestParams, Result

MissionId = Annotated[str, Field(min_length=1, max_length=200)]
MissionStatus = Literal[
    "queued", "planning", "running", "sealing", "waiting", "sealed", "unverified", "failed", "stopped"
]
"""The last four are final."""
DeliveryMode = Literal["apply", "branch", "patch"]


class MissionStartResult(Result):
    """The mission was taken in. `queue_position` counts the missions that run before it (0: it runs now)."""

    mission_id: str
    status: MissionStatus
    queue_position: int


class MissionStartParams(RequestParams[MissionStartResult]):
    """Start a mission in plain words.

    `host` says where sessions run: "builtin", or "scripted:FILE"; `trust` lets commands run that were only found in the
    workspace and not declared. Errors: empty_mission, unknown_host, no_workspace.
    """

    text: Annotated[str, Field(max_length=100_000)]
    host: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*(:.+)?$", max_length=4_096)] = "builtin"
    delivery: DeliveryMode = "apply"
    trust: bool = False
    max_iterations: Annotated[int, Field(ge=1, le=100)] = 20


class MissionStopResult(Result):
    """Everything the mission ran is reaped. `kept` are the paths whose work stays on the mission's ref."""

    status: MissionStatus
    kept: list[str]
    reason: str


class MissionStopParams(RequestParams[MissionStopResult]):
    """Stop a mission; the reply comes when nothing of it runs any more. Errors: unknown_mission, no_workspace."""

    mission_id: MissionId


class MissionStatusResult(Result):
    """All that is known of a mission.

    `tip` and `tip_tree` are git ids in the shadow repository ("" before the snapshot); `held_back` names commands that
    wait for trust; `end_code`, `end_reason`, `end_hint` say why it ended without a seal; `delivered_place` is the
    workspace, branch or patch file that holds the work ("" before a delivery).
    """

    mission_id: str
    status: MissionStatus
    text: str
    host: str
    delivery: DeliveryMode
    workspace: str
    iteration: int
    max_iterations: int
    tasks: list[TaskView]
    counts: TaskCounts
    tip: str
    tip_tree: str
    refused_count: int
    recovered_count: int
    held_back: list[str]
    seal: SealView | None
    end_code: str
    end_reason: str
    end_hint: str
    is_delivered: bool
    delivered_place: str


class MissionStatusParams(RequestParams[MissionStatusResult]):
    """Ask for one mission. Errors: unknown_mission, no_workspace."""

    mission_id: MissionId


class MissionSummary(Result):
    """One mission in a list. `text` is its first line, cut to 200 characters."""

    mission_id: str
    status: MissionStatus
    text: str
    host: str
    counts: TaskCounts
    is_delivered: bool


class MissionListResult(Result):
    """Every mission of the workspace, oldest first."""

    missions: list[MissionSummary]


class MissionListParams(RequestParams[MissionListResult]):
    """Ask for all missions of the workspace. Errors: no_workspace."""


class MissionDiffResult(Result):
    """A unified diff, git style. `is_cut` when it was longer than the server sends."""

    diff: str
    is_cut: bool


class MissionDiffParams(RequestParams[MissionDiffResult]):
    """The work of a mission so far, or of one task of it. Errors: unknown_mission, unknown_task, no_workspace."""

    mission_id: MissionId
    task_id: Annotated[str, Field(max_length=200)] = ""


class MissionDeliverResult(Result):
    """What reached the user. `delivery` is how in the end; `place` the branch or patch file.

    `kept_back` are paths that the user changed meanwhile (then nothing was applied); `detail` explains.
    """

    delivery: DeliveryMode
    place: str
    paths: list[str]
    kept_back: list[str]
    detail: str


class MissionDeliverParams(RequestParams[MissionDeliverResult]):
    """Bring the work of an ended mission to the user. Errors: unknown_mission, nothing_to_deliver, no_workspace."""

    mission_id: MissionId
    delivery: DeliveryMode = "apply"
