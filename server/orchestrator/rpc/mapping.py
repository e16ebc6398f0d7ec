"""Between the wire's models and the domain's."""

from __future__ import annotations

import dataclasses
from collections import Counter
from enum import Enum
from functools import cache
from typing import Any, cast

from pydantic.alias_generators import to_camel

from orchestrator.domain.events import EVENT_NAMES
from orchestrator.domain.mission import Mission, Task
from orchestrator.domain.receipt import Receipt, Seal
from orchestrator.ports.journal import Recorded
from orchestrator_protocol.event import MissionEvent
from orchestrator_protocol.mission import MissionStatusResult, MissionSummary
from orchestrator_protocol.seal import ReceiptView, SealView
from orchestrator_protocol.task import TaskCounts, TaskView


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


def task_view(task: Task) -> TaskView:
    """One task."""
    return TaskView(
        id=task.spec.id,
        title=task.spec.title,
        status=task.status.value,
        write_set=list(task.spec.write_set),
        attempt_count=task.attempt_count,
        parent_id=task.parent_id,
        reason=task.reason,
    )


def counts(mission: Mission) -> TaskCounts:
    """How many tasks stand where."""
    by_status = Counter(task.status.value for task in mission.tasks.values())
    return TaskCounts(total=len(mission.tasks), **by_status)


def _receipt_view(receipt: Receipt) -> ReceiptView:
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
        receipts=[_receipt_view(receipt) for receipt in seal.receipts],
        not_checked=list(seal.not_checked),
        refused_count=seal.refused_count,
        recovered_count=seal.recovered_count,
        task_count=seal.task_count,
        duration_s=seal.duration_s,
    )


def status_view(mission: Mission) -> MissionStatusResult:
    """All of a mission."""
    return MissionStatusResult(
        mission_id=mission.id,
        status=mission.status.value,
        text=mission.text,
        host=mission.host,
        delivery=mission.delivery.value,
        workspace=mission.workspace,
        iteration=mission.iteration,
        max_iterations=mission.max_iterations,
        tasks=[task_view(task) for task in mission.tasks.values()],
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
    )


def summary_view(mission: Mission) -> MissionSummary:
    """One mission in a list."""
    first_line = next(iter(mission.text.strip().splitlines()), "")
    return MissionSummary(
        mission_id=mission.id,
        status=mission.status.value,
        text=first_line[:200],
        host=mission.host,
        counts=counts(mission),
        is_delivered=mission.is_delivered,
    )
