"""The state of a mission: what folding its events gives."""

from __future__ import annotations

from dataclasses import dataclass, field

from orchestrator.domain.finding import Finding
from orchestrator.domain.plan import TaskSpec
from orchestrator.domain.receipt import Check, GateReport, Seal
from orchestrator.domain.words import DeliveryMode, MissionStatus, TaskStatus


@dataclass(frozen=True, slots=True)
class Lease:
    """Sole ownership of a write set. A result that shows another token than the live one is refused."""

    token: int
    task_id: str
    attempt_id: str
    write_set: tuple[str, ...]


@dataclass(slots=True)
class Task:
    """A task and how it stands.

    `parent_id` names the task whose refused attempt this fixer answers; `start_commit` is that attempt's commit ("" to
    begin at the mission's tip) and `start_base` the commit that it was made on; `findings` are what it was made for.
    Once done, `merged_from` and `merged_to` are the mission's tips before and after its work was merged.
    """

    spec: TaskSpec
    status: TaskStatus = TaskStatus.OPEN
    attempt_count: int = 0
    fix_count: int = 0
    parent_id: str = ""
    start_commit: str = ""
    start_base: str = ""
    findings: tuple[Finding, ...] = ()
    merged_from: str = ""
    merged_to: str = ""
    reason: str = ""


@dataclass(slots=True)
class Mission:
    """One goal and all that is known about it. Owned by one ledger; `evolve` changes it in place."""

    id: str = ""
    text: str = ""
    workspace: str = ""
    host: str = ""
    delivery: DeliveryMode = DeliveryMode.APPLY
    is_trusted: bool = False
    max_iterations: int = 20
    status: MissionStatus = MissionStatus.QUEUED
    version: int = 0
    base_commit: str = ""
    base_tree: str = ""
    file_count: int = 0
    tip: str = ""
    tip_tree: str = ""
    checks: tuple[Check, ...] = ()
    held_back: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()
    plan_version: int = 0
    tasks: dict[str, Task] = field(default_factory=dict[str, Task])
    leases: dict[str, Lease] = field(default_factory=dict[str, Lease])
    next_token: int = 1
    iteration: int = 0
    refused_count: int = 0
    recovered_count: int = 0
    sealing_tree: str = ""
    seal_reports: dict[str, GateReport] = field(default_factory=dict[str, GateReport])
    seal: Seal | None = None
    end_code: str = ""
    end_reason: str = ""
    end_hint: str = ""
    is_delivered: bool = False
    delivered_place: str = ""

    def open_tasks(self) -> list[Task]:
        """Tasks that are neither done nor struck nor failed."""
        closed = {TaskStatus.DONE, TaskStatus.STRUCK, TaskStatus.FAILED}
        return [task for task in self.tasks.values() if task.status not in closed]

    def failed_tasks(self) -> list[Task]:
        """Tasks that could not be done."""
        return [task for task in self.tasks.values() if task.status is TaskStatus.FAILED]
