"""How a mission ended, for people: the seal with its receipts, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from orchestrator.cli.reaching import plain
from orchestrator.cli.standing import kept_work, waits_for
from orchestrator.narration import Line, is_healing, narrate
from orchestrator_protocol.event import MissionEvent
from orchestrator_protocol.mission import MissionStatusResult
from orchestrator_protocol.seal import ReceiptView, SealView

_SHOWN = 12
_SENSITIVITY = {
    "sensitive": "turns red on a planted error",
    "not_sensitive": "did NOT notice a planted error",
    "not_probed": "not probed with a planted error",
}


def show_end(console: Console, status: MissionStatusResult, events: Sequence[MissionEvent]) -> None:
    """Print the seal, or how and why the mission ended without one."""
    if status.seal is not None:
        console.print(_seal(status, status.seal, events))
    else:
        console.print(_reason(status))


def _seal(status: MissionStatusResult, seal: SealView, events: Sequence[MissionEvent]) -> Panel:
    facts = Table.grid(padding=(0, 2))
    facts.add_row("mission", status.mission_id)
    facts.add_row("tree", seal.tree)
    facts.add_row("tasks", f"{seal.task_count} done in {seal.duration_s:.1f} s")
    facts.add_row("healed", f"{seal.recovered_count} session failures, {seal.refused_count} refused attempts")
    if seal.not_checked:
        facts.add_row("not checked", ", ".join(seal.not_checked))
    parts: list[RenderableType] = [facts, Text("\nreceipts", style="dim"), _receipts(seal.receipts)]
    if refused := [line for event in events if is_healing(event) and (line := narrate(event))]:
        parts += [Text("\nrefused and healed on the way", style="dim"), _story(refused)]
    return Panel(Group(*parts), title="sealed", border_style="green", title_align="left")


def _receipts(receipts: Sequence[ReceiptView]) -> Table:
    rows = Table.grid(padding=(0, 1, 0, 1))
    for receipt in receipts:
        exit_code = "no exit code" if receipt.exit_code is None else f"exit {receipt.exit_code}"
        is_good = receipt.verdict == "clean" and receipt.sensitivity == "sensitive"
        mark, style = ("✓", "green") if is_good else ("!", "yellow")
        ended = f"{exit_code} in {receipt.duration_s:.1f} s, {_SENSITIVITY[receipt.sensitivity]}"
        rows.add_row(Text(mark, style=style), Text(f"{receipt.check}: {ended}"))
        rows.add_row("", Text(f"$ {receipt.command}", style="dim"))
        rows.add_row("", Text(f"confined by {receipt.level}", style="dim"))
    return rows


def _story(lines: Sequence[Line]) -> Table:
    rows = Table.grid(padding=(0, 1, 0, 1))
    for line in lines[:_SHOWN]:
        rows.add_row(Text(line.mark, style=line.style), Text(line.text, style=line.style))
    if len(lines) > _SHOWN:
        rows.add_row("", Text(f"and {len(lines) - _SHOWN} more: .opencode/summary.md", style="dim"))
    return rows


def _reason(status: MissionStatusResult) -> Panel:
    lines = Text()
    lines.append(f"{status.end_reason or status.status}\n", style="bold")
    for line in (status.end_hint, kept_work(plain(status)), *waits_for(plain(status))):
        lines.append(f"{line}\n" if line else "")
    lines.append(f"mission {status.mission_id}, {status.counts.done} of {status.counts.total} tasks done", style="dim")
    style = "yellow" if status.status in {"unverified", "waiting"} else "red"
    return Panel(lines, title=status.status, border_style=style, title_align="left")
