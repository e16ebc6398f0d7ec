"""A mission as a page to look at: one HTML file that loads nothing and runs nothing.

All words come from people, models and repositories, so all of them are escaped, and a policy forbids scripts and loads.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from orchestrator.domain import events as e
from orchestrator.domain.mission import Mission, Task
from orchestrator.domain.receipt import Receipt
from orchestrator.domain.words import MissionStatus, TaskStatus
from orchestrator.journal.page_graph import draw_graph
from orchestrator.journal.page_timeline import draw_timeline
from orchestrator.journal.summary import MAX_LISTED, duration
from orchestrator.journal.timeline import Timeline, timeline
from orchestrator.ports.journal import Recorded

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --paper: #fff; --faint: #6b7280; --line: #d0d7de;
  --good: #1a7f37; --bad: #cf222e; --warn: #9a6700; --busy: #0969da; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --paper: #0d1117; --faint: #8d96a0; --line: #30363d;
  --good: #3fb950; --bad: #f85149; --warn: #d29922; --busy: #4493f8; } }
body { font: 14px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 62rem;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.35rem; white-space: pre-wrap; overflow-wrap: anywhere; } h2 { font-size: 1.05rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: .3rem .6rem .3rem 0;
  border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
code { font: 12px/1.4 ui-monospace, monospace; } .scroll { overflow: auto; max-height: 34rem; }
.badge { display: inline-block; padding: .1rem .6rem; border-radius: 1rem; color: #fff; font-size: .85rem; }
.facts { display: flex; flex-wrap: wrap; gap: 1.5rem; margin: 1rem 0; } .facts b { display: block; font-size: 1.2rem; }
.faint, .facts span { color: var(--faint); } svg text { font: 12px system-ui, sans-serif; fill: var(--ink); }
svg text.faint { fill: var(--faint); font-size: 11px; } .grid { stroke: var(--line); }
.arrow { fill: none; stroke: var(--faint); stroke-width: 1.2; } .task rect { fill: var(--paper); stroke: var(--faint);
  stroke-width: 1.5; } .done rect { stroke: var(--good); } .failed rect { stroke: var(--bad); }
.running rect, .fixing rect { stroke: var(--busy); } .struck rect { stroke-dasharray: 4; }
.merged { fill: var(--good); } .refused { fill: var(--bad); } .interrupted { fill: var(--warn); }
.bar.running { fill: var(--busy); }
"""
_COLOUR = {
    MissionStatus.SEALED: "good",
    MissionStatus.UNVERIFIED: "warn",
    MissionStatus.FAILED: "bad",
    MissionStatus.STOPPED: "warn",
    MissionStatus.WAITING: "warn",
}


def render_page(mission: Mission, recorded: Sequence[Recorded]) -> str:
    """The page about one mission, from its state and its events (other missions' events are left out)."""
    own = [item for item in recorded if item.mission_id == mission.id]
    line = timeline(own)
    parts = [
        _heading(mission, line),
        _section("Plan", _scrolled(draw_graph(mission.tasks))),
        _section("Timeline", _scrolled(draw_timeline(mission, line))),
        _section("Tasks", _tasks(mission, line)),
        _section("Refused on the way", _refused(own)),
        _section("Receipts", _receipts(mission)),
        _section("Delivered", _delivered(own)),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{_text(mission.id)}</title><style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _heading(mission: Mission, line: Timeline) -> str:
    colour = _COLOUR.get(mission.standing, "busy")
    spent = mission.budget.total()
    done = sum(1 for task in mission.tasks.values() if task.status is TaskStatus.DONE)
    took = duration(line.last_s - line.first_s) if line.first_s is not None and line.last_s is not None else "0.0 s"
    facts = [
        ("tasks done", f"{done} of {len(mission.tasks)}"),
        ("took", took),
        ("attempts", str(sum(task.attempt_count for task in mission.tasks.values()))),
        ("refused", str(mission.refused_count)),
        ("healed", str(mission.recovered_count)),
        ("tokens", f"{spent.tokens:,}" if spent.tokens else "none counted"),
        ("cost", f"${spent.money_microusd / 1e6:.4f}" if spent.money_microusd else "none counted"),
    ]
    reason = f"<p>{_text(mission.end_reason)}<br><span class=faint>{_text(mission.end_hint)}</span></p>"
    return (
        f'<span class="badge" style="background: var(--{colour})">{mission.standing.value}</span>'
        f' <span class="faint">{_text(mission.id)} on {_text(mission.host)}</span>'
        f"<h1>{_text(mission.text)}</h1>{reason if mission.end_reason else ''}"
        f'<div class="facts">{"".join(f"<div><b>{value}</b><span>{name}</span></div>" for name, value in facts)}</div>'
    )


def _tasks(mission: Mission, line: Timeline) -> str:
    rows = [_task(task, line) for task in mission.tasks.values()]
    return _table(("task", "state", "attempts", "worked", "writes"), rows)


def _task(task: Task, line: Timeline) -> tuple[str, ...]:
    spent_s = sum(run.duration_s for run in line.attempts_of(task.spec.id))
    reason = f"<br><span class=faint>{_text(task.reason)}</span>" if task.reason else ""
    return (
        f"<code>{_text(task.spec.id)}</code> {_text(task.spec.title)}{reason}",
        task.status.value,
        str(task.attempt_count),
        duration(spent_s),
        " ".join(f"<code>{_text(path)}</code>" for path in task.spec.write_set[:5]),
    )


def _refused(recorded: Iterable[Recorded]) -> str:
    rows: list[tuple[str, ...]] = []
    for item in recorded:
        event = item.event
        if isinstance(event, e.AttemptRefused):
            found = "<br>".join(_text(finding.headline()) for finding in event.findings[:10])
            rows.append((f"<code>{_text(event.task_id)}</code>", _text(event.reason), found))
        elif isinstance(event, e.PlanRejected):
            rows.append(("plan", f"try {event.try_number}", "<br>".join(_text(said) for said in event.problems[:10])))
    return _table(("what", "why", "findings"), rows)


def _receipts(mission: Mission) -> str:
    receipts = [receipt for report in mission.seal_reports.values() for receipt in report.receipts]
    return _table(
        ("check", "verdict", "exit", "took", "notices a fault", "confinement", "tree"), map(_receipt, receipts)
    )


def _receipt(receipt: Receipt) -> tuple[str, ...]:
    detail = f"<br><span class=faint>{_text(receipt.detail)}</span>" if receipt.detail else ""
    return (
        f"{_text(receipt.check)}<br><code>{_text(receipt.command)}</code>",
        receipt.verdict.value.replace("_", " ") + detail,
        "none" if receipt.exit_code is None else str(receipt.exit_code),
        duration(receipt.duration_s),
        receipt.sensitivity.value.replace("_", " "),
        _text(receipt.level),
        f"<code>{_text(receipt.tree[:12])}</code>",
    )


def _delivered(recorded: Iterable[Recorded]) -> str:
    events = [item.event for item in recorded if isinstance(item.event, e.MissionDelivered)]
    if not events:
        return ""
    last = events[-1]
    kept = f"<p>Not applied, you changed meanwhile: {_text(', '.join(last.kept_back))}</p>" if last.kept_back else ""
    files = "".join(f"<li><code>{_text(path)}</code></li>" for path in last.paths[:MAX_LISTED])
    left = len(last.paths) - MAX_LISTED
    more = f"<p>and {left} more</p>" if left > 0 else ""
    return f"<p>{last.mode.value}: {_text(last.place)} {_text(last.detail)}</p>{kept}<ul>{files}</ul>{more}"


def _section(title: str, body: str) -> str:
    return f"<h2>{title}</h2>{body}" if body else ""


def _scrolled(picture: str) -> str:
    return f'<div class="scroll">{picture}</div>' if picture else ""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells are HTML already."""
    lines = [f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows]
    if not lines:
        return ""
    left = len(lines) - MAX_LISTED
    more = f"<p>and {left} more</p>" if left > 0 else ""
    heads = "".join(f"<th>{name}</th>" for name in head)
    return f"<table><tr>{heads}</tr>{''.join(lines[:MAX_LISTED])}</table>{more}"


def _text(words: str) -> str:
    """Words as HTML text, at most 4,000 characters of them."""
    kept = words if len(words) <= 4_000 else words[:4_000] + " … (cut)"
    return escape("".join(c if c == "\n" or c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in kept))
