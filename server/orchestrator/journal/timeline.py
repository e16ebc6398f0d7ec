"""When the attempts of a mission ran, read from the times of its events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from orchestrator.domain import events as e
from orchestrator.ports.journal import Recorded

Outcome = Literal["merged", "refused", "interrupted", "running"]
"""How an attempt ended, if it did."""


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt: Unix times in seconds. One that has not ended lasts until the last event."""

    attempt_id: str
    task_id: str
    host: str
    start_s: float
    end_s: float
    outcome: Outcome

    @property
    def duration_s(self) -> float:
        """How long it ran; a clock that was set back counts as nothing."""
        return max(0.0, self.end_s - self.start_s)


@dataclass(slots=True)
class Timeline:
    """The span of a mission and its attempts by task. `first_s` and `last_s` are None without events."""

    first_s: float | None = None
    last_s: float | None = None
    runs: dict[str, list[Run]] = field(default_factory=dict[str, list[Run]])

    def attempts_of(self, task_id: str) -> list[Run]:
        """The attempts of one task, first to last."""
        return self.runs.get(task_id, [])


def timeline(recorded: Sequence[Recorded]) -> Timeline:
    """The timeline of one mission's events, which come oldest first."""
    if not recorded:
        return Timeline()
    line = Timeline(recorded[0].at_s, recorded[-1].at_s)
    open_runs: dict[str, tuple[e.AttemptStarted, float]] = {}
    for item in recorded:
        event = item.event
        if isinstance(event, e.AttemptStarted):
            open_runs[event.task_id] = (event, item.at_s)
        elif isinstance(event, e.AttemptRefused | e.AttemptInterrupted | e.AttemptIntegrated | e.TaskFailed):
            started = open_runs.pop(event.task_id, None)
            if started:
                _close(line, *started, item.at_s, _outcome(event))
    for started, at_s in open_runs.values():
        _close(line, started, at_s, recorded[-1].at_s, "running")
    return line


def _outcome(event: e.Event) -> Outcome:
    if isinstance(event, e.AttemptIntegrated):
        return "merged"
    return "refused" if isinstance(event, e.AttemptRefused) else "interrupted"


def _close(line: Timeline, started: e.AttemptStarted, start_s: float, end_s: float, outcome: Outcome) -> None:
    run = Run(started.attempt_id, started.task_id, started.host, start_s, end_s, outcome)
    line.runs.setdefault(started.task_id, []).append(run)
