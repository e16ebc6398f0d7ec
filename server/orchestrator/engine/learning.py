"""What earlier missions of the workspace say about durations."""

from __future__ import annotations

from orchestrator.domain.events import AttemptCommitted, AttemptStarted, PlanAccepted, TaskAdded
from orchestrator.domain.plan import TaskSpec
from orchestrator.engine.durations import Durations
from orchestrator.ports.journal import Journal, JournalError, Recorded

MAX_MISSIONS = 5
"""So many of the newest missions are looked at."""
MAX_EVENTS = 1_000
"""So many events of each."""


async def learned(journal: Journal, mission_id: str) -> Durations:
    """Durations of the tasks of the missions before this one; those that can't be read any more teach nothing."""
    durations = Durations()
    try:
        for summary in await journal.summaries(limit=MAX_MISSIONS + 1):
            if summary.id != mission_id and not summary.is_archived:
                found = await journal.read(after_seq=summary.first_seq - 1, mission_id=summary.id, limit=MAX_EVENTS)
                _observe(durations, found)
    except JournalError:
        pass  # a better order is all that is lost
    return durations


def _observe(durations: Durations, recorded: list[Recorded]) -> None:
    specs: dict[str, TaskSpec] = {}
    begun_s: dict[str, float] = {}
    for item in recorded:
        match item.event:
            case PlanAccepted(tasks=tasks):
                specs.update((spec.id, spec) for spec in tasks)
            case TaskAdded(task=spec):
                specs[spec.id] = spec
            case AttemptStarted(attempt_id=attempt_id):
                begun_s[attempt_id] = item.at_s
            case AttemptCommitted(attempt_id=attempt_id, task_id=task_id) if attempt_id in begun_s and task_id in specs:
                durations.observe(specs[task_id], item.at_s - begun_s[attempt_id])
            case _:
                pass
