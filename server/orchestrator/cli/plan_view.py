"""A plan as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from orchestrator.cli.live import terminal

if TYPE_CHECKING:
    from orchestrator_protocol.plain.shapes import PlanGetResult

_SHOWN_PATHS = 4


def show_plan(plan: PlanGetResult, *, is_on_stderr: bool = False) -> None:
    """Print one row a task: what it is, what it may write, and what it waits for."""
    table = Table(box=None, padding=(0, 1), header_style="dim")
    for name in ("task", "status", "what", "writes", "after"):
        table.add_column(name, overflow="fold")
    for task in plan["tasks"]:
        writes = ", ".join(task["writeSet"][:_SHOWN_PATHS]) + (" …" if len(task["writeSet"]) > _SHOWN_PATHS else "")
        cells = (task["id"], task["status"], " ".join(task["title"].split()), writes, ", ".join(task["dependsOn"]))
        table.add_row(*(Text(cell) for cell in cells))
    terminal(is_on_stderr=is_on_stderr).print(table)
