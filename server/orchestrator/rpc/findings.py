"""Which findings of running missions still stand, file by file."""

from __future__ import annotations

from orchestrator.domain.events import (
    AttemptIntegrated,
    AttemptRefused,
    Event,
    GateJudged,
    IterationStarted,
    MissionDelivered,
    MissionEnded,
    MissionSealed,
    SealingStarted,
    TaskAdded,
    TaskFailed,
)
from orchestrator.domain.finding import Finding
from orchestrator.domain.words import Stage

MAX_FINDINGS = 2_000
"""Most findings kept for one task; the rest is in the events."""

_Key = tuple[str, str]


class MissionFindings:
    """Folds events into findings by file. A finding stands until its task is integrated or its mission has ended."""

    def __init__(self) -> None:
        self._by_task: dict[_Key, dict[str, tuple[Finding, ...]]] = {}
        self._parents: dict[_Key, str] = {}

    def note(self, mission_id: str, event: Event) -> set[str]:
        """Apply one event; the relative paths whose findings may have changed."""
        match event:
            case GateJudged() if event.stage is not Stage.BASE:
                return self._replace((mission_id, event.task_id), event.report.gate, event.report.findings)
            case AttemptRefused():
                return self._refused((mission_id, event.task_id), event.findings)
            case TaskAdded() if event.parent_id:
                self._parents[mission_id, event.task.id] = event.parent_id
            case AttemptIntegrated():
                return self._settled(mission_id, event.task_id)
            case TaskFailed():
                return self._forget((mission_id, event.task_id))
            case IterationStarted() | SealingStarted():
                return self._forget((mission_id, ""))
            case MissionSealed() | MissionEnded() | MissionDelivered():
                return self._ended(mission_id)
            case _:
                pass
        return set()

    def of(self, path: str) -> list[Finding]:
        """The findings that stand for one file, each once, in the order of their places."""
        found = {
            (f.gate, f.rule, f.start_line, f.start_column, f.message): f
            for gates in self._by_task.values()
            for findings in gates.values()
            for f in findings
            if f.path == path
        }
        return [found[key] for key in sorted(found, key=lambda key: (key[2], key[3], key))]

    def _replace(self, key: _Key, gate: str, findings: tuple[Finding, ...]) -> set[str]:
        gates = self._by_task.setdefault(key, {})
        before = gates.pop(gate, ())
        kept = tuple(f for f in findings if f.path)[:MAX_FINDINGS]
        if kept:
            gates[gate] = kept
        if not gates:
            del self._by_task[key]
        return {f.path for f in (*before, *kept)}

    def _refused(self, key: _Key, findings: tuple[Finding, ...]) -> set[str]:
        changed: set[str] = set()
        for gate in {f.gate for f in findings}:
            changed |= self._replace(key, gate, tuple(f for f in findings if f.gate == gate))
        return changed

    def _settled(self, mission_id: str, task_id: str) -> set[str]:
        """An integrated fixer settles the tasks that it answers, too."""
        changed: set[str] = set()
        while task_id:
            changed |= self._forget((mission_id, task_id))
            task_id = self._parents.pop((mission_id, task_id), "")
        return changed

    def _ended(self, mission_id: str) -> set[str]:
        changed: set[str] = set()
        for key in [key for key in self._by_task if key[0] == mission_id]:
            changed |= self._forget(key)
        for key in [key for key in self._parents if key[0] == mission_id]:
            del self._parents[key]
        return changed

    def _forget(self, key: _Key) -> set[str]:
        gates = self._by_task.pop(key, {})
        return {f.path for findings in gates.values() for f in findings}
