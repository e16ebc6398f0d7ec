"""Plans: read, approve, revise by version."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from orchestrator_protocol.bounds import MAX_COUNT
from orchestrator_protocol.mission import MissionId
from orchestrator_protocol.task import TaskId, TaskView
from orchestrator_protocol.wire import Params, RequestParams, Result

Path = Annotated[str, Field(min_length=1, max_length=4_096)]


class PlanGetResult(Result):
    """A mission's task graph. `version` 0: there is no plan yet. `is_approved`: work may begin."""

    version: int
    is_approved: bool
    tasks: list[TaskView]


class PlanGetParams(RequestParams[PlanGetResult]):
    """Ask for the plan. Errors: unknown_mission, no_workspace."""

    mission_id: MissionId


class PlanApproveResult(Result):
    """What was decided, and by whom: the first answer counts, also when it was somebody else's."""

    is_approved: bool
    by: str


class PlanApproveParams(RequestParams[PlanApproveResult]):
    """Approve the plan at `version`, or refuse it.

    A refusal with a `text` has the planner plan again with it; one without ends the mission. Errors: plan_conflict (the
    plan is at another version), already_answered, no_plan, unknown_mission, no_workspace.
    """

    mission_id: MissionId
    version: Annotated[int, Field(ge=1, le=MAX_COUNT)]
    is_approved: bool = True
    text: Annotated[str, Field(max_length=20_000)] = ""


class PlanEditParams(Params):
    """One edit of the task `task_id`; for "add" it is the new task's id.

    "tick" calls it done without work, "strike" takes it off the list, "reopen" makes a closed one open again, "retitle"
    sets `title`, "move" puts it behind `after_id` ("": first) and makes it a part of `group_id` ("": of none). An added
    task may write `write_set`; with none it may write everywhere and runs alone.
    """

    kind: Literal["add", "tick", "strike", "reopen", "retitle", "move"]
    task_id: TaskId
    title: Annotated[str, Field(max_length=1_000)] = ""
    write_set: Annotated[list[Path], Field(max_length=1_000)] = []
    depends_on: Annotated[list[TaskId], Field(max_length=1_000)] = []
    instructions: Annotated[str, Field(max_length=20_000)] = ""
    after_id: Annotated[str, Field(max_length=200)] = ""
    group_id: Annotated[str, Field(max_length=200)] = ""


class PlanReviseResult(Result):
    """The plan's new version. It is on disk."""

    version: int


class PlanReviseParams(RequestParams[PlanReviseResult]):
    """Change the plan that the client saw at `version`: all edits are taken, in order, or none.

    Errors: plan_conflict (`data.version` is the current one: read, and repeat the edits), no_plan, unknown_task,
    duplicate_id, task_running, task_closed, task_not_closed, bad_path, bad_place, cycle, unknown_mission, no_workspace.
    """

    mission_id: MissionId
    version: Annotated[int, Field(ge=1, le=MAX_COUNT)]
    edits: Annotated[list[PlanEditParams], Field(min_length=1, max_length=1_000)]
