"""Between the wire's models and the domain's."""

from __future__ import annotations

import dataclasses
from enum import Enum
from functools import cache
from typing import Any, cast

from pydantic.alias_generators import to_camel

from orchestrator.domain.budget import MISSION, Amounts, Limit
from orchestrator.domain.budget import Budget as DomainBudget
from orchestrator.domain.events import EVENT_NAMES
from orchestrator.domain.mission import Mission, Task
from orchestrator.domain.question import Question
from orchestrator.domain.receipt import Receipt, Seal
from orchestrator.domain.waiting import waiting
from orchestrator.ports.jobs import Job, JobError
from orchestrator.ports.journal import MissionSummary as PastMission
from orchestrator.ports.journal import Recorded
from orchestrator.rpc.service import Service
from orchestrator_protocol.event import MissionEvent
from orchestrator_protocol.job import JobView
from orchestrator_protocol.mission import Budget, MissionStatusResult, MissionSummary, QuestionView, Usage
from orchestrator_protocol.seal import ReceiptView, SealView
from orchestrator_protocol.task import TaskCounts, TaskView

MICRO = 1_000_000
"""Money travels in US dollars and is counted in millionths of them."""


def event_view(recorded: Recorded) -> MissionEvent:
    """A recorded event as it travels."""
    data = {_wire_name(f.name): _plain(getattr(recorded.event, f.name)) for f in dataclasses.fields(recorded.event)}
    return MissionEvent(
        seq=recorded.seq,
        mission_id=recorded.mission_id,
        at=recorded.at_s,
        type=EVENT_NAMES[type(recorded.event)],
        data=data,
    )


_wire_name = cache(to_camel)


def _plain(value: object) -> Any:  # noqa: ANN401 - JSON data
    """Dataclasses and tuples as JSON data with camelCase names."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple | list):
        return [_plain(item) for item in cast("tuple[Any, ...]", value)]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in cast("dict[Any, Any]", value).items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {_wire_name(f.name): _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    return value


def task_view(task: Task, reason: str = "") -> TaskView:
    """One task; `reason` says why it does not run yet."""
    return TaskView(
        id=task.spec.id,
        title=task.spec.title,
        status=task.status.value,
        write_set=list(task.spec.write_set),
        attempt_count=task.attempt_count,
        parent_id=task.parent_id,
        reason=task.reason,
        depends_on=list(task.spec.depends_on),
        group_id=task.group_id,
        role=task.spec.role.value,
        size=task.spec.size,
        is_paused=task.is_paused,
        waiting=reason,
    )


def counts(mission: Mission) -> TaskCounts:
    """How many tasks stand where."""
    by_status: dict[str, int] = {}
    for task in mission.tasks.values():
        word = task.status.value
        by_status[word] = by_status.get(word, 0) + 1
    return TaskCounts(total=len(mission.tasks), **by_status)


def receipt_view(receipt: Receipt) -> ReceiptView:
    """One receipt."""
    return ReceiptView(
        check=receipt.check,
        command=receipt.command,
        stage=receipt.stage.value,
        tree=receipt.tree,
        exit_code=receipt.exit_code,
        verdict=receipt.verdict.value,
        duration_s=receipt.duration_s,
        output_digest=receipt.output_digest,
        output_size_bytes=receipt.output_size_bytes,
        level=receipt.level,
        sensitivity=receipt.sensitivity.value,
        detail=receipt.detail,
    )


def _seal_view(seal: Seal) -> SealView:
    return SealView(
        tree=seal.tree,
        commit=seal.commit,
        receipts=[receipt_view(receipt) for receipt in seal.receipts],
        not_checked=list(seal.not_checked),
        refused_count=seal.refused_count,
        recovered_count=seal.recovered_count,
        task_count=seal.task_count,
        duration_s=seal.duration_s,
    )


def status_view(mission: Mission) -> MissionStatusResult:
    """All of a mission."""
    reasons = waiting(mission) if mission.tasks else {}
    return MissionStatusResult(
        mission_id=mission.id,
        status=mission.standing.value,
        text=mission.text,
        host=mission.host,
        delivery=mission.delivery.value,
        workspace=mission.workspace,
        iteration=mission.iteration,
        max_iterations=mission.max_iterations,
        tasks=[task_view(task, reasons.get(task.spec.id, "")) for task in mission.tasks.values()],
        counts=counts(mission),
        tip=mission.tip,
        tip_tree=mission.tip_tree,
        refused_count=mission.refused_count,
        recovered_count=mission.recovered_count,
        held_back=list(mission.held_back),
        seal=_seal_view(mission.seal) if mission.seal else None,
        end_code=mission.end_code,
        end_reason=mission.end_reason,
        end_hint=mission.end_hint,
        is_delivered=mission.is_delivered,
        delivered_place=mission.delivered_place,
        approval=mission.approval.value,
        plan_version=mission.plan_version,
        pause_reason=mission.pause_reason,
        questions=[question_view(question) for question in mission.questions.values()],
        usage=_usage_view(mission.budget),
        is_undone=mission.is_undone,
        is_over=mission.is_over,
        slots=mission.slots,
        slot_causes=list(mission.slot_causes),
    )


def question_view(question: Question) -> QuestionView:
    """One question to a person."""
    return QuestionView(
        id=question.id,
        kind=question.kind.value,
        text=question.text,
        subject=question.subject,
        task_id=question.task_id,
        timeout_s=question.timeout_s,
    )


def _usage_view(budget: DomainBudget) -> Usage:
    spent = budget.total()
    return Usage(
        tokens=spent.tokens,
        money_usd=spent.money_microusd / MICRO,
        turns=spent.turns,
        tool_calls=spent.tool_calls,
        reserved_tokens=budget.reserved.get(MISSION, Amounts()).tokens,
    )


def limits_of(budget: Budget) -> tuple[Limit, ...]:
    """The limits of a whole mission that a client asks for; money is rounded to millionths of a dollar."""
    wanted = {
        "tokens": budget.tokens,
        "money_microusd": None if budget.money_usd is None else round(budget.money_usd * MICRO),
        "turns": budget.turns,
        "tool_calls": budget.tool_calls,
    }
    return tuple(Limit(MISSION, resource, amount) for resource, amount in wanted.items() if amount is not None)


def summary_view(mission: Mission | PastMission) -> MissionSummary:
    """One mission in a list."""
    first_line = next(iter(mission.text.strip().splitlines()), "")
    is_past = isinstance(mission, PastMission)
    return MissionSummary(
        mission_id=mission.id,
        status=mission.status.value if is_past else mission.standing.value,
        text=first_line[:200],
        host=mission.host,
        counts=TaskCounts(total=mission.task_count, **mission.counts) if is_past else counts(mission),
        is_delivered=mission.is_delivered,
    )


def job_view(job: Job) -> JobView:
    """One background job."""
    return JobView(
        id=job.id,
        task_id=job.owner.task_id,
        command=job.command,
        status=job.status.value,
        started_at=job.started_at_s,
        duration_s=job.duration_s,
        exit_code=job.exit_code,
        output_size_bytes=job.output_size_bytes,
    )


def job_of(service: Service, mission_id: str, job_id: str) -> Job:
    """A job of this mission. Raises OrchestratorError `unknown_mission`, JobError `unknown_job`."""
    service.get(mission_id)
    job = service.jobs.get(job_id)
    if job.owner.mission_id != mission_id:
        raise JobError("unknown_job", f"mission {mission_id} has no job {job_id!r}")
    return job
