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


def _reviewed(data: Data) -> Line | None:
    who = data["taskId"] or "the whole work"
    if data["verdict"] == "approve":
        return Line("·", f"review of {who}: {_first_line(data['text'])}", "dim")
    if data["verdict"] == "not_reviewed":
        return Line("!", f"{who} was not reviewed: {_first_line(data['text'])}", "yellow")
    return Line("✗", f"review of {who}: {_finding(data['findings'][0])}", "yellow") if data["findings"] else None


def _diagnosed(data: Data) -> Line:
    who = data["taskId"] or "the mission"
    strategy = data["strategy"].replace("_", " ")
    then = "nothing is left to try" if strategy == "stop" else f"trying: {strategy}"
    return Line("↻", f"{who} does not go on: {_first_line(data['detail'])}; {then}", "yellow")


def _first_line(text: str) -> str:
    return (text.splitlines() or [""])[0][:_MESSAGE_CHARS]


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


def _taken_up(data: Data) -> Line:
    again = f", {_count(len(data['interrupted']), 'attempt')} will be tried again" if data["interrupted"] else ""
    return Line("↻", f"taken up again after {data['reason']}{again}", "yellow")


def _paused(data: Data) -> Line:
    return Line("‖", f"paused by {data['by']}: {data['reason']}", "yellow")


def _question(data: Data) -> Line:
    question = data["question"]
    how = "approve" if question["kind"] == "plan" else f"answer allow --question {question['id']}"
    return Line("?", f"{question['text']} (waits for a person: orchestrator {how})", "bold yellow")


def _answer(data: Data) -> Line:
    said = f": {data['text']}" if data["text"] else ""
    return Line("·", f"{data['by']} answered {data['answer']}{said}", "dim")


def _revised(data: Data) -> Line:
    edits = _few([f"{edit['kind']} {edit['taskId']}" for edit in data["edits"]])
    return Line("·", f"{data['by']} changed the plan (version {data['version']}): {edits}", "yellow")


def _tool(data: Data) -> Line:
    went = f"failed ({data['code']})" if data["code"] else f"{data['resultSizeBytes']} bytes"
    return Line(" ", f"{data['tool']} {data['subject']}: {went} in {data['durationS']:.2f} s", "dim")


def _slots(data: Data) -> Line | None:
    if not data["causes"]:
        return None  # growth is no news; what holds sessions back is
    return Line("!", f"{data['slots']} sessions at once: {'; '.join(data['causes'])}", "yellow")


def _warned(data: Data) -> Line:
    limit = data["limit"]
    return Line("!", f"most of the budget of {limit['node']} is used: {limit['amount']} {limit['resource']}", "yellow")


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
    "review.given": _reviewed,
    "mission.diagnosed": _diagnosed,
    "task.added": _added,
    "attempt.integrated": _integrated,
    "task.failed": _failed,
    "sealing.started": _sealing,
    "gate.judged": _judged,
    "mission.delivered": _delivered,
    "mission.taken_up": _taken_up,
    "budget.changed": lambda data: Line("·", f"limits changed by {data['by']}", "dim"),
    "mission.paused": _paused,
    "mission.resumed": lambda data: Line("▸", f"resumed by {data['by']}", "cyan"),
    "mission.reopened": lambda data: Line("↻", f"tried again by {data['by']}", "yellow"),
    "mission.undone": lambda data: Line("·", f"undone by {data['by']}: {_few(data['paths'])}", "yellow"),
    "plan.revised": _revised,
    "question.asked": _question,
    "question.answered": _answer,
    "task.paused": lambda data: Line("‖", f"{data['taskId']} paused by {data['by']}", "yellow"),
    "task.resumed": lambda data: Line("▸", f"{data['taskId']} resumed by {data['by']}", "cyan"),
    "task.steered": lambda data: Line("·", f"{data['by']} says to {data['taskId']}: {data['text']}", "cyan"),
    "task.undone": lambda data: Line("·", f"{data['taskId']} undone by {data['by']}", "yellow"),
    "budget.warned": _warned,
    "slots.changed": _slots,
}

_DETAILS: dict[str, Callable[[Data], Line | None]] = {
    "tool.called": _tool,
    "attempt.committed": lambda data: Line("·", f"committed: {_few(data['paths'])}", "dim"),
    "gate.judged": lambda data: Line("·", _report(data), "dim"),
    "session.opened": lambda data: Line("·", f"session {data['place']} on its host", "dim"),
}
"""What a log of one task tells beside the story: every step."""


def detail(event: MissionEvent) -> Line | None:
    """The line about this event in a log that leaves nothing out; None for events that say nothing to a person."""
    teller = _DETAILS.get(event.type) or _TELLERS.get(event.type)
    return teller(event.data) if teller else None


def _report(data: Data) -> str:
    report = data["report"]
    return f"{data['stage']}: {report['gate']} {report['verdict'].replace('_', ' ')} {report['detail']}".rstrip()


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
