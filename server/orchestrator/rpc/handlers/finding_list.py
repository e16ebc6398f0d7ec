"""finding/list."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.domain.finding import Finding
from orchestrator.domain.mission import Mission
from orchestrator.domain.words import TaskStatus
from orchestrator.errors import OrchestratorError
from orchestrator.rpc.service import Service
from orchestrator_protocol.finding import FindingListParams, FindingListResult, FindingView

MAX_FINDINGS = 5_000
_CLOSED = frozenset({TaskStatus.DONE, TaskStatus.STRUCK})


async def finding_list(service: Service, params: FindingListParams) -> FindingListResult:
    """The findings that stand now: of the newest attempt of each open task, and of the last seal round."""
    mission = service.get(params.mission_id)
    if params.task_id and params.task_id not in mission.tasks:
        raise OrchestratorError("unknown_task", f"mission {mission.id} has no task {params.task_id!r}")
    found: list[FindingView] = []
    for task_id, finding in _standing(mission):
        if params.task_id in {"", task_id}:
            if len(found) == MAX_FINDINGS:
                return FindingListResult(findings=found, is_cut=True)
            found.append(_view(task_id, finding))
    return FindingListResult(findings=found, is_cut=False)


def _standing(mission: Mission) -> Iterator[tuple[str, Finding]]:
    for task_id, task in mission.tasks.items():
        if task.status not in _CLOSED:
            for report in task.reports.values():
                for finding in report.findings:
                    yield task_id, finding
    for report in mission.seal_reports.values():
        for finding in report.findings:
            yield "", finding


def _view(task_id: str, finding: Finding) -> FindingView:
    return FindingView(
        gate=finding.gate,
        rule=finding.rule,
        path=finding.path,
        message=finding.message,
        severity=finding.severity,
        start_line=finding.start_line,
        start_column=finding.start_column,
        end_line=finding.end_line,
        end_column=finding.end_column,
        task_id=task_id,
    )
