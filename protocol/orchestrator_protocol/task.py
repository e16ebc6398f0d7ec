"""Tasks as a client sees them."""

from __future__ import annotations

from typing import Literal

from orchestrator_protocol.wire import Result

TaskStatus = Literal["open", "running", "fixing", "done", "failed", "struck"]
"""`fixing` waits for its fixer task; `struck` was taken off the list."""


class TaskView(Result):
    """One task and how it stands. `parent_id` names the task that a fixer mends ("" otherwise).

    `write_set` holds relative paths with forward slashes; one that ends in "/" stands for everything below it.
    `reason` says why it exists or why it failed ("" when there is nothing to say).
    """

    id: str
    title: str
    status: TaskStatus
    write_set: list[str]
    attempt_count: int
    parent_id: str = ""
    reason: str = ""


class TaskCounts(Result):
    """How many tasks stand where. `total` is the sum of the others."""

    total: int = 0
    open: int = 0
    running: int = 0
    fixing: int = 0
    done: int = 0
    failed: int = 0
    struck: int = 0
