"""How a mission ended, for people: the seal with its receipts, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from orchestrator.cli.narration import is_healing, narrate
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
    receipts = Text("\nreceipts\n", style="dim")
    for receipt in seal.receipts:
        receipts.append_text(_receipt(receipt))
    refused = [line for event in events if is_healing(event) and (line := narrate(event))]
    story = Text()
    if refused:
        story.append("\nrefused and healed on the way\n", style="dim")
        for line in refused[:_SHOWN]:
            story.append(f"  {line.mark} {line.text}\n", style=line.style)
        if len(refused) > _SHOWN:
            story.append(f"  and {len(refused) - _SHOWN} more: .opencode/summary.md\n", style="dim")
    return Panel(Group(facts, receipts, story), title="sealed", border_style="green", title_align="left")


def _receipt(receipt: ReceiptView) -> Text:
    exit_code = "no exit code" if receipt.exit_code is None else f"exit {receipt.exit_code}"
    is_good = receipt.verdict == "clean" and receipt.sensitivity == "sensitive"
    mark, style = ("✓", "green") if is_good else ("!", "yellow")
    line = Text(f"  {mark} {receipt.check}: ", style=style)
    line.append(f"{exit_code} in {receipt.duration_s:.1f} s, {_SENSITIVITY[receipt.sensitivity]}", style="default")
    line.append(f"\n    $ {receipt.command}\n    confined by {receipt.level}\n", style="dim")
    return line


def _reason(status: MissionStatusResult) -> Panel:
    lines = Text()
    lines.append(f"{status.end_reason or status.status}\n", style="bold")
    if status.end_hint:
        lines.append(f"{status.end_hint}\n")
    lines.append(f"mission {status.mission_id}, {status.counts.done} of {status.counts.total} tasks done", style="dim")
    style = "yellow" if status.status in {"unverified", "waiting"} else "red"
    return Panel(lines, title=status.status, border_style=style, title_align="left")
