"""`summary.md`: what a mission did, for people. Everything in it comes from the journal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from orchestrator.domain import events as e
from orchestrator.domain.finding import Finding
from orchestrator.domain.mission import Mission, Task
from orchestrator.domain.receipt import Receipt
from orchestrator.domain.todo import MARKS
from orchestrator.domain.words import MissionStatus, TaskStatus, Verdict
from orchestrator.journal.timeline import Timeline, timeline
from orchestrator.ports.journal import Recorded

MAX_LISTED = 200
"""Longest list in a summary; what is left out is counted."""

_ENDINGS: dict[MissionStatus, str] = {
    MissionStatus.SEALED: "Sealed: every task is done and the final tree passed its checks.",
    MissionStatus.UNVERIFIED: "Unverified: no check proved that the final tree works.",
    MissionStatus.FAILED: "Failed.",
    MissionStatus.STOPPED: "Stopped.",
    MissionStatus.WAITING: "Waiting for a person.",
}
_VERDICTS: dict[Verdict, str] = {
    Verdict.CLEAN: "clean",
    Verdict.FAILED: "failed",
    Verdict.FLAKY: "flaky (two runs disagreed)",
    Verdict.NOT_CHECKED: "not checked",
}


def render_summary(mission: Mission, recorded: Sequence[Recorded]) -> str:
    """Markdown about one mission from its state and its events (other missions' events are left out)."""
    own = [item for item in recorded if item.mission_id == mission.id]
    line = timeline(own)
    parts = [
        _heading(mission),
        _ending(mission, line),
        _tasks(mission, line),
        _refused(own),
        _healed(own),
        _gates(mission),
        _receipts(mission),
        _not_checked(mission),
        _delivery(own),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _heading(mission: Mission) -> list[str]:
    asked = [f"> {text}" for text in _clean(mission.text, 4_000).splitlines() or [""]]
    return [f"# Mission {_inline(mission.id)}", "", "## What was asked", "", *asked]


def _ending(mission: Mission, line: Timeline) -> list[str]:
    text = _ENDINGS.get(mission.status, f"Still under way ({mission.status.value}).")
    lines = ["## How it ended" if mission.status.is_terminal else "## Where it stands", "", text]
    if mission.status is MissionStatus.SEALED:
        excused = dict.fromkeys(_excused(receipt) for receipt in _receipts_of(mission) if _is_red(receipt))
        lines += [line for said in excused for line in ("", said)]
    if mission.end_reason:
        lines += ["", f"Reason: {_inline(mission.end_reason)} (`{_code(mission.end_code)}`)."]
    if mission.end_hint:
        lines += ["", f"What to do: {_inline(mission.end_hint)}."]
    done = sum(1 for task in mission.tasks.values() if task.status is TaskStatus.DONE)
    facts = [
        f"{done} of {len(mission.tasks)} tasks done",
        f"{mission.iteration} of {mission.max_iterations} iterations",
    ]
    if line.first_s is not None and line.last_s is not None:
        facts.append(f"accepted {_moment(line.first_s)}")
        facts.append(f"{duration(line.last_s - line.first_s)} until the last event")
    return [*lines, "", f"Host {_inline(mission.host)}: " + ", ".join(facts) + "."]


def _tasks(mission: Mission, line: Timeline) -> list[str]:
    if not mission.tasks:
        return ["## Tasks", "", "There was no plan."]
    items = [_task(task, line) for task in mission.tasks.values()]
    return ["## Tasks", "", *_bounded(items)]


def _task(task: Task, line: Timeline) -> str:
    spec = task.spec
    work = f"{task.attempt_count} attempt{'' if task.attempt_count == 1 else 's'}"
    if runs := line.attempts_of(spec.id):
        hosts = ", ".join(sorted({run.host for run in runs}))
        spent_s = sum(run.duration_s for run in runs)
        work += f" by {spec.role.value} on {_inline(hosts)} from {_moment(runs[0].start_s)}, {duration(spent_s)}"
    answers = f"; answers {_inline(task.parent_id)}" if task.parent_id else ""
    reason = f"; {_inline(task.reason)}" if task.reason else ""
    state = task.status.value
    return f"- {MARKS[task.status]} {_inline(spec.id)}: {_inline(spec.title)} ({state}; {work}{answers}{reason})"


def _refused(recorded: Sequence[Recorded]) -> list[str]:
    items: list[str] = []
    for item in recorded:
        if isinstance(item.event, e.AttemptRefused):
            items.append(f"- {_inline(item.event.task_id)}: {_inline(item.event.reason)}")
            items += _finding_lines(item.event.findings)
        elif isinstance(item.event, e.PlanRejected):
            problems = "; ".join(item.event.problems)
            items.append(f"- plan, try {item.event.try_number}: {_inline(problems)}")
    return ["## Refused", "", *_bounded(items)] if items else ["## Refused", "", "Nothing was refused."]


def _healed(recorded: Sequence[Recorded]) -> list[str]:
    items: list[str] = []
    for item in recorded:
        event = item.event
        if isinstance(event, e.SessionRecovering):
            who = _inline(event.task_id) or "planner"
            detail = f": {_inline(event.detail)}" if event.detail else ""
            action = f"{event.action} (try {event.count}, waited {duration(event.wait_s)})"
            items.append(f"- {who}: {event.failure.value}, answered by {_inline(action)}{detail}")
        elif isinstance(event, e.AttemptInterrupted):
            items.append(f"- {_inline(event.task_id)}: interrupted, {event.failure.value}: {_inline(event.reason)}")
    return ["## Failures of sessions", "", *_bounded(items)] if items else []


def _gates(mission: Mission) -> list[str]:
    if not mission.seal_reports:
        return ["## Gates on the final tree", "", "No gate judged a final tree."]
    items: list[str] = []
    for gate, report in mission.seal_reports.items():
        detail = f": {_inline(report.detail)}" if report.detail else ""
        items.append(f"- {_inline(gate)}: {_VERDICTS[report.verdict]}{detail}")
        items += _finding_lines(report.findings)
    return ["## Gates on the final tree", "", f"Tree `{_code(mission.sealing_tree)}`.", "", *_bounded(items)]


def _receipts_of(mission: Mission) -> list[Receipt]:
    return [receipt for report in mission.seal_reports.values() for receipt in report.receipts]


def _is_red(receipt: Receipt) -> bool:
    """Whether a check passed although it failed: with nothing that had not failed before the mission."""
    return receipt.verdict is Verdict.CLEAN and receipt.exit_code not in {0, None}


def _excused(receipt: Receipt) -> str:
    check, detail = _inline(receipt.check), _inline(receipt.detail)
    return f"Not all is well: {check} fails as it did before the mission ({detail})."


def _receipts(mission: Mission) -> list[str]:
    receipts = _receipts_of(mission)
    if not receipts:
        return ["## Receipts", "", "No command ran on the final tree."]
    head = ["| check | command | verdict | exit code | took | tree | notices a fault | confinement |", "|" + "---|" * 8]
    return [
        "## Receipts",
        "",
        *head,
        *_bounded([_receipt(receipt) for receipt in receipts], "| … | {} more |" + " |" * 6),
    ]


def _receipt(receipt: Receipt) -> str:
    verdict = _VERDICTS[receipt.verdict] + (f": {receipt.detail}" if receipt.detail else "")
    cells = (
        _cell(receipt.check),
        f"`{_cell(_code(receipt.command))}`",
        _cell(verdict),
        "none" if receipt.exit_code is None else str(receipt.exit_code),
        duration(receipt.duration_s),
        f"`{receipt.tree[:12]}`",
        receipt.sensitivity.value.replace("_", " "),
        _cell(receipt.level),
    )
    return "| " + " | ".join(cells) + " |"


def _not_checked(mission: Mission) -> list[str]:
    items = [
        f"- gate {_inline(gate)}{': ' + _inline(report.detail) if report.detail else ''}"
        for gate, report in mission.seal_reports.items()
        if report.verdict is Verdict.NOT_CHECKED
    ]
    ran = {receipt.check for report in mission.seal_reports.values() for receipt in report.receipts}
    items += [f"- check {_inline(check.name)}: did not run" for check in mission.checks if check.name not in ran]
    items += [f"- {_inline(name)}: was found, waits for trust" for name in mission.held_back]
    if not items and not mission.seal_reports:
        return ["## Not checked", "", "Everything: the final tree was not judged."]
    return ["## Not checked", "", *(_bounded(items) or ["Every gate and every chosen check gave a verdict."])]


def _delivery(recorded: Sequence[Recorded]) -> list[str]:
    delivered = [item.event for item in recorded if isinstance(item.event, e.MissionDelivered)]
    if not delivered:
        return ["## Delivery", "", "Nothing was delivered."]
    last = delivered[-1]
    place = f" to {_inline(last.place)}" if last.place else ""
    lines = ["## Delivery", "", f"Delivered as {last.mode.value}{place}, {len(last.paths)} files."]
    if last.kept_back:
        lines += ["", "Kept back, because you changed them meanwhile (nothing was applied):", ""]
        lines += _bounded([f"- {_inline(path)}" for path in last.kept_back])
    elif last.paths:
        lines += ["", *_bounded([f"- {_inline(path)}" for path in last.paths])]
    return [*lines, "", _inline(last.detail)] if last.detail else lines


def _finding_lines(findings: Iterable[Finding]) -> list[str]:
    return [f"  - {_inline(finding.headline())}" for finding in findings]


def _bounded(items: list[str], more: str = "- … and {} more") -> list[str]:
    left = len(items) - MAX_LISTED
    return [*items[:MAX_LISTED], more.format(left)] if left > 0 else items


def duration(seconds: float) -> str:
    """A length of time for people, such as "4.2 s", "3 min 5 s" or "2 h 10 min"."""
    if seconds < 60:
        return f"{max(seconds, 0.0):.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _moment(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _clean(text: str, limit: int) -> str:
    kept = "".join(c if c in "\n\t" or c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return kept if len(kept) <= limit else kept[:limit] + " … (cut)"


def _inline(text: str) -> str:
    """One line whose markup is text: names and reasons come from models and repositories."""
    line = " ".join(_clean(text, 500).split())
    return "".join(f"\\{c}" if c in "\\`*_[]<>|#" else c for c in line)


def _code(text: str) -> str:
    return " ".join(_clean(text, 500).split()).replace("`", "'")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
