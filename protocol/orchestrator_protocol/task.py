"""Tasks as a client sees them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from orchestrator_protocol.bounds import MAX_COUNT
from orchestrator_protocol.wire import RequestParams, Result

TaskStatus = Literal["open", "running", "fixing", "done", "failed", "struck"]
"""`fixing` waits for its fixer task; `struck` was taken off the list."""


Role = Literal["planner", "searcher", "worker", "fixer", "reviewer"]


class TaskView(Result):
    """One task and how it stands. `parent_id` names the task that a fixer mends ("" otherwise).

    `write_set` holds relative paths with forward slashes; one that ends in "/" stands for everything below it.
    `reason` says why it exists or why it failed ("" when there is nothing to say); `group_id` names the task that it is
    a part of. `waiting` says in words why an open task does not run yet; `mission/status` fills it in.
    """

    id: str
    title: str
    status: TaskStatus
    write_set: list[str]
    attempt_count: int
    parent_id: str = ""
    reason: str = ""
    depends_on: list[str] = []
    group_id: str = ""
    role: Role = "worker"
    size: Literal["small", "medium", "large"] = "small"
    is_paused: bool = False
    waiting: str = ""


class TaskCounts(Result):
    """How many tasks stand where. `total` is the sum of the others."""

    total: int = 0
    open: int = 0
    running: int = 0
    fixing: int = 0
    done: int = 0
    failed: int = 0
    struck: int = 0


TaskId = Annotated[str, Field(min_length=1, max_length=200)]
_MissionId = Annotated[str, Field(min_length=1, max_length=200)]


class TaskResult(Result):
    """The task as it stands now."""

    task: TaskView


class TaskStopParams(RequestParams[TaskResult]):
    """End a task's attempt and pause the task; the reply comes when the attempt is reaped.

    Errors: unknown_mission, unknown_task, task_closed, no_workspace.
    """

    mission_id: _MissionId
    task_id: TaskId


class TaskPauseParams(RequestParams[TaskResult]):
    """Hold a task: its session waits at its next step, no attempt starts.

    Errors: unknown_mission, unknown_task, already_paused, task_closed, no_workspace.
    """

    mission_id: _MissionId
    task_id: TaskId


class TaskResumeParams(RequestParams[TaskResult]):
    """Let a held task go on. Errors: unknown_mission, unknown_task, not_paused, task_closed, no_workspace."""

    mission_id: _MissionId
    task_id: TaskId


class TaskSteerParams(RequestParams[TaskResult]):
    """Say something to whoever works on a task: told after the turn under way, or with the next brief.

    Errors: unknown_mission, unknown_task, empty_text, too_many_notes, task_closed, no_workspace.
    """

    mission_id: _MissionId
    task_id: TaskId
    text: Annotated[str, Field(max_length=20_000)]


class TaskLogEntry(Result):
    """One thing that happened to a task. `at` is Unix time in seconds; `text` is one line for a person."""

    seq: int
    at: float
    type: str
    text: str


class TaskLogResult(Result):
    """What happened, oldest first. `last_seq` is where to go on from."""

    entries: list[TaskLogEntry]
    last_seq: int


class TaskLogParams(RequestParams[TaskLogResult]):
    """Read what happened to a task, after a sequence number. Errors: unknown_mission, unknown_task, no_workspace."""

    mission_id: _MissionId
    task_id: TaskId
    after_seq: Annotated[int, Field(ge=0, le=MAX_COUNT)] = 0
    limit: Annotated[int, Field(ge=1, le=1_000)] = 1_000
