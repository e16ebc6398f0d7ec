"""Missions: start, stop, look at, deliver."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from orchestrator_protocol.bounds import MAX_COUNT, MAX_S, MAX_USD
from orchestrator_protocol.seal import SealView
from orchestrator_protocol.task import TaskCounts, TaskView
from orchestrator_protocol.wire import Params, RequestParams, Result

MissionId = Annotated[str, Field(min_length=1, max_length=200)]
MissionStatus = Literal[
    "queued", "planning", "running", "sealing", "waiting", "sealed", "unverified", "failed", "stopped"
]
"""The last four are final."""
DeliveryMode = Literal["apply", "branch", "patch"]
ApprovalMode = Literal["never", "plan"]
"""What a mission asks a person about before it works: nothing, or its plan."""


_Counts = Annotated[tuple[int, int], Field(strict=False)]
_Amounts = Annotated[tuple[float, float], Field(strict=False)]
# Pairs; JSON knows only lists, which a strict tuple would refuse.


class ContextItem(Params):
    """A file, or a range of its lines (both from 1, last included), that the mission is about.

    `path` is relative to the workspace, with forward slashes.
    """

    path: Annotated[str, Field(min_length=1, max_length=4_096)]
    first_line: Annotated[int, Field(ge=1, le=MAX_COUNT)] | None = None
    last_line: Annotated[int, Field(ge=1, le=MAX_COUNT)] | None = None


class Budget(Params):
    """Limits of one mission; what is left out is not limited.

    Money is in US dollars; `wall_time_s` counts from the start, pauses included. The worst case of every model call is
    reserved before it. At a limit the mission waits for a person, with everything kept.
    """

    tokens: Annotated[int, Field(ge=1, le=MAX_COUNT)] | None = None
    money_usd: Annotated[float, Field(gt=0, le=MAX_USD)] | None = None
    turns: Annotated[int, Field(ge=1, le=MAX_COUNT)] | None = None
    tool_calls: Annotated[int, Field(ge=1, le=MAX_COUNT)] | None = None
    wall_time_s: Annotated[float, Field(gt=0, le=MAX_S)] | None = None


class Usage(Result):
    """What a mission has used. Money is in US dollars; `reserved_tokens` are held back for calls under way."""

    tokens: int = 0
    money_usd: float = 0.0
    turns: int = 0
    tool_calls: int = 0
    reserved_tokens: int = 0


class MissionStartResult(Result):
    """The mission was taken in. `queue_position` counts the missions that run before it (0: it runs now)."""

    mission_id: str
    status: MissionStatus
    queue_position: int


class MissionStartParams(RequestParams[MissionStartResult]):
    """Start a mission in plain words.

    `context` names files that it is about. `host` says where sessions run: "builtin", "model", "scripted:FILE" (FILE
    relative to the workspace), or "editor" for a client that hosts sessions; `models` are models by role, for hosts
    that know models. `trust` lets commands run that were only found in the workspace and not declared. `approval`
    "plan" has the mission wait for `plan/approve`. A second start with the same `key` answers the mission of the first.
    `host`, `delivery`, `approval` and every limit of `budget` that are left out are those of the configuration, which
    has the defaults below when it says nothing.
    Errors: empty_mission, unknown_host, queue_full, wrong_configuration, no_workspace.
    """

    text: Annotated[str, Field(max_length=100_000)]
    context: Annotated[list[ContextItem], Field(max_length=100)] = []
    host: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*(:.+)?$", max_length=4_096)] = "builtin"
    models: Annotated[dict[str, Annotated[str, Field(max_length=200)]], Field(max_length=10)] = {}
    budget: Budget = Budget()
    delivery: DeliveryMode = "apply"
    trust: bool = False
    max_iterations: Annotated[int, Field(ge=1, le=100)] = 20
    approval: ApprovalMode = "never"
    key: Annotated[str, Field(max_length=200)] = ""


class MissionStopResult(Result):
    """Everything the mission ran is reaped. `kept` are the paths whose work stays on the mission's ref."""

    status: MissionStatus
    kept: list[str]
    reason: str


class MissionStopParams(RequestParams[MissionStopResult]):
    """Stop a mission; the reply comes when nothing of it runs any more. Errors: unknown_mission, no_workspace."""

    mission_id: MissionId


class MissionHoldResult(Result):
    """The mission as it stands now: "waiting" while it is held."""

    status: MissionStatus


class MissionPauseParams(RequestParams[MissionHoldResult]):
    """Hold a mission: nothing new starts, and sessions wait at their next tool call or turn.

    Errors: unknown_mission, already_paused, mission_not_active, no_workspace.
    """

    mission_id: MissionId
    reason: Annotated[str, Field(max_length=1_000)] = ""


class MissionResumeParams(RequestParams[MissionHoldResult]):
    """Let a held mission go on. Errors: unknown_mission, not_paused, mission_not_active, no_workspace."""

    mission_id: MissionId


class MissionRetryParams(RequestParams[MissionHoldResult]):
    """Try an ended mission again where it stands: merged work stays, tasks that had failed are open again.

    Errors: unknown_mission, mission_active, mission_closed (sealed or undone), no_workspace.
    """

    mission_id: MissionId


class MissionUndoResult(Result):
    """The paths whose former content is back."""

    paths: list[str]


class MissionUndoParams(RequestParams[MissionUndoResult]):
    """Take back all that an ended mission wrote into the workspace, or the work of one task, all or nothing.

    Errors: changed_since (the message names the files that were changed meanwhile), nothing_to_undo, built_upon,
    mission_active, undo_failed, unknown_mission, unknown_task, no_workspace.
    """

    mission_id: MissionId
    task_id: Annotated[str, Field(max_length=200)] = ""


class QuestionView(Result):
    """Something that a person must decide, answered by `permission/reply` (or `plan/approve`).

    `kind` "plan", "budget" and "judge" hold up the whole mission, "permission" the session that asked. "clarification"
    is a session's question about its task: the words beside the answer are what it is told. `subject` is what is asked
    for, in a form that "always" is remembered by. After `timeout_s` it counts as denied; 0: never.
    """

    id: str
    kind: Literal["plan", "permission", "budget", "judge", "clarification"]
    text: str
    subject: str
    task_id: str
    timeout_s: float


class MissionStatusResult(Result):
    """All that is known of a mission.

    `tip` and `tip_tree` are git ids in the shadow repository ("" before the snapshot); `held_back` names commands that
    wait for trust; `end_code`, `end_reason`, `end_hint` say why it ended without a seal; `delivered_place` is the
    workspace, branch or patch file that holds the work ("" before a delivery). `is_over`: nothing is left to do; a
    sealed mission is over when its work has reached the user. `questions` wait for a person; `pause_reason` says why
    the mission is held ("" when nobody paused it). `slots` is how many sessions may run side by side now (0 before the
    first) and `slot_causes` says in words why not more: a provider that asked to wait, a host that failed too often,
    memory that is nearly used up.
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
    approval: ApprovalMode = "never"
    plan_version: int = 0
    pause_reason: str = ""
    questions: list[QuestionView] = []
    usage: Usage = Usage()
    is_undone: bool = False
    is_over: bool = False
    slots: int = 0
    slot_causes: list[str] = []


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
    """The newest missions of the workspace, at most 1,000, oldest of them first."""

    missions: list[MissionSummary]


class MissionListParams(RequestParams[MissionListResult]):
    """Ask for the missions of the workspace.

    Older ones than the newest 1,000 are not listed; whoever knows the id of one can still ask about it.
    Errors: no_workspace.
    """


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


class MissionSummaryResult(Result):
    """What a mission did, for people (`markdown`) beside the facts for programs (`status`).

    `page` is one HTML file that loads nothing and runs nothing ("" when it was not asked for).
    """

    markdown: str
    status: MissionStatusResult
    page: str = ""


class MissionSummaryParams(RequestParams[MissionSummaryResult]):
    """Ask for the story of a mission: what was done, by whom, how long, what was refused, what proves it.

    `wants_page`: also as a page to look at. Errors: unknown_mission, no_workspace.
    """

    mission_id: MissionId
    wants_page: bool = False


class MissionEstimateResult(Result):
    """What a mission is likely to need, from the ended missions of this workspace.

    Each pair is the middle half of what like missions needed (first and third quartile). `based_on` counts them; with 0
    the numbers are defaults by the size of the plan. Money is null where the host reports no prices.
    """

    based_on: int
    sessions: _Counts
    tokens: _Counts
    money_usd: _Amounts | None
    duration_s: _Amounts


class MissionEstimateParams(RequestParams[MissionEstimateResult]):
    """Estimate a mission before it starts (`host`), or one that runs (`mission_id`: what is left counts).

    Errors: unknown_mission, no_workspace.
    """

    mission_id: Annotated[str, Field(max_length=200)] = ""
    host: Annotated[str, Field(max_length=4_096)] = "builtin"
