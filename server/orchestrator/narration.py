"""Events as lines for people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator_protocol.event import MissionEvent

Data = dict[str, Any]
_MESSAGE_CHARS = 160


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a mark of one character, the text, and a rich style."""

    mark: str
    text: str
    style: str = ""


def narrate(event: MissionEvent) -> Line | None:
    """The line that a person wants to read about this event, None for those that only programs need."""
    teller = _TELLERS.get(event.type)
    return teller(event.data) if teller else None


def is_healing(event: MissionEvent) -> bool:
    """Whether the event is a step by which the mission healed itself or refused bad work."""
    return event.type in {"plan.rejected", "session.recovering", "attempt.refused"}


def _snapshot(data: Data) -> Line:
    left_out = f", left out: {_few(data['leftOut'])}" if data["leftOut"] else ""
    return Line("·", f"snapshot of {data['fileCount']} files, tree {data['tree'][:12]}{left_out}", "dim")


def _checks(data: Data) -> Line:
    names = _few([f"{check['name']} ({check['command']})" for check in data["checks"]])
    held = f"; not trusted to run: {_few(data['heldBack'])}" if data["heldBack"] else ""
    return Line("·", f"checks: {names or 'none'}{held}", "yellow" if held or not names else "dim")


def _plan_rejected(data: Data) -> Line:
    return Line("↻", f"plan refused (try {data['tryNumber']}), sent back: {_few(data['problems'], 2)}", "yellow")


def _plan(data: Data) -> Line:
    return Line("·", f"plan: {_count(len(data['tasks']), 'task')}", "bold")


def _started(data: Data) -> Line:
    again = f", attempt {data['number']}" if data["number"] > 1 else ""
    return Line("▸", f"{data['taskId']} begins ({data['role']}{again})", "cyan")


def _recovering(data: Data) -> Line:
    who = data["taskId"] or "planner"
    wait = f", {data['waitS']:.1f} s" if data["waitS"] else ""
    return Line("↻", f"{who} {data['failure'].replace('_', ' ')}: {data['action']} ({data['count']}{wait})", "yellow")


def _refused(data: Data) -> Line:
    first = data["findings"][0] if data["findings"] else None
    because = f": {_finding(first)}" if first else ""
    more = f" and {len(data['findings']) - 1} more" if len(data["findings"]) > 1 else ""
    return Line("✗", f"{data['taskId']} refused, {data['reason']}{because}{more}", "red")


def _interrupted(data: Data) -> Line | None:
    # Otherwise the task has failed, which is told next, with the same reason.
    return Line("·", f"{data['taskId']} was cut off", "dim") if data["reason"] == "the mission ended" else None


def _added(data: Data) -> Line:
    return Line("+", f"{data['task']['id']} added: {data['task']['title']}", "yellow")


def _integrated(data: Data) -> Line:
    return Line("✓", f"{data['taskId']} merged ({_count(len(data['paths']), 'file')})", "green")


def _failed(data: Data) -> Line:
    return Line("✗", f"{data['taskId']} failed: {data['reason']}", "bold red")


def _iteration(data: Data) -> Line | None:
    return Line("·", f"iteration {data['number']}", "dim") if data["number"] > 1 else None


def _sealing(data: Data) -> Line:
    return Line("·", f"no open work; judging the final tree {data['tree'][:12]}", "dim")


def _judged(data: Data) -> Line | None:
    report = data["report"]
    if data["stage"] == "base" and report["verdict"] == "failed":
        return Line("·", f"on the base already: {report['gate']} {report['detail']}".rstrip(), "dim")
    if data["stage"] != "seal" or report["verdict"] == "clean":
        return None
    detail = f": {report['detail']}" if report["detail"] else ""
    return Line("!", f"{report['gate']} {report['verdict'].replace('_', ' ')}{detail}", "yellow")


def _delivered(data: Data) -> Line:
    if data["keptBack"]:
        return Line("!", f"not applied, you changed {_few(data['keptBack'])} meanwhile; {data['detail']}", "yellow")
    if not data["paths"]:
        return Line("!", data["detail"] or "nothing to deliver", "yellow")
    files = _count(len(data["paths"]), "file")
    if data["mode"] == "apply":
        return Line("✓", f"delivered: {files} written in {data['place']}", "green")
    # A branch or a patch asks for one more step; `detail` names it, and why a mode was chosen that nobody asked for.
    return Line("✓", f"delivered {files} as a {data['mode']}: {data['detail'] or data['place']}", "green")


_TELLERS: dict[str, Callable[[Data], Line | None]] = {
    "snapshot.taken": _snapshot,
    "checks.chosen": _checks,
    "plan.rejected": _plan_rejected,
    "plan.accepted": _plan,
    "iteration.started": _iteration,
    "attempt.started": _started,
    "session.recovering": _recovering,
    "attempt.refused": _refused,
    "attempt.interrupted": _interrupted,
    "task.added": _added,
    "attempt.integrated": _integrated,
    "task.failed": _failed,
    "sealing.started": _sealing,
    "gate.judged": _judged,
    "mission.delivered": _delivered,
}


def _finding(finding: Data) -> str:
    first, *rest = [line.strip() for line in finding["message"].splitlines() if line.strip()] or [""]
    if first.endswith(":") and rest:
        first = f"{first} {rest[0]}"
    is_placed = not finding["path"] or first.startswith(finding["path"])
    place = "" if is_placed else f"{finding['path']}:{finding['startLine'] + 1} "
    return f"{place}{first[:_MESSAGE_CHARS]}"


def _few(items: Sequence[str], most: int = 3) -> str:
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(items[:most]) + more


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
