"""The live view of a mission in a terminal: lines above, the running tasks and a bar below."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import time
from typing import Any, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from orchestrator.narration import narrate
from orchestrator_protocol.event import MissionEvent

_SHOWN = 12
_HOLDING = frozenset({"plan", "budget", "judge"})
"""Kinds of questions that hold up the whole mission."""


@dataclass(slots=True)
class Board:
    """What the view knows: the state and title of every task, folded from events."""

    titles: dict[str, str] = field(default_factory=dict[str, str])
    states: dict[str, str] = field(default_factory=dict[str, str])
    begun_s: dict[str, float] = field(default_factory=dict[str, float])
    phase: str = "starting"
    phase_begun_s: float = field(default_factory=time)
    holds: dict[str, str] = field(default_factory=dict[str, str])
    """Why it stands still, by the question that it waits for ("": a person paused it)."""

    def enter(self, phase: str, at_s: float) -> None:
        """Note that a phase began, at a Unix time in seconds, unless it goes on."""
        if phase != self.phase:
            self.phase, self.phase_begun_s = phase, at_s

    def take(self, event: MissionEvent) -> None:
        """Apply one event."""
        data = event.data
        match event.type:
            case "mission.started":
                self.enter("planning", event.at)
            case "mission.paused":
                self.holds[""] = "paused"
            case "question.asked" if data["question"]["kind"] in _HOLDING:
                self.holds[data["question"]["id"]] = "waits for an answer"
            case "mission.resumed" | "question.answered":
                self.holds.pop(data.get("questionId", ""), None)
            case "sealing.started":
                self.enter("sealing", event.at)
            case "plan.accepted":
                self.titles.clear()
                self.states.clear()
                for task in data["tasks"]:
                    self._add(task)
            case "task.added":
                self._add(data["task"])
            case _:
                self._take_task(event.type, data.get("taskId", ""), event.at)

    def _take_task(self, kind: str, task_id: str, at_s: float) -> None:
        match kind:
            case "attempt.started":
                self.enter("working", at_s)
                self.states[task_id] = "running"
                self.begun_s[task_id] = at_s
            case "attempt.refused" | "attempt.interrupted":
                self.states[task_id] = "fixing"
            case "task.failed":
                self.states[task_id] = "failed"
            case "task.undone":
                self.states[task_id] = "undone"
            case "attempt.integrated":
                self.states[task_id] = "done"
                self._settle(task_id)
            case _:
                pass

    def _add(self, task: dict[str, Any]) -> None:
        self.titles[task["id"]] = task["title"]
        self.states[task["id"]] = "open"

    def _settle(self, task_id: str) -> None:
        """A fixer that is done settles the task that it stands in for: `t1.fix2` belongs to `t1`."""
        root, dot, _ = task_id.partition(".fix")
        for other in self.states:
            if dot and (other == root or other.startswith(f"{root}.fix")):
                self.states[other] = "done"

    @property
    def standing(self) -> str:
        """The phase, or what holds it up."""
        return ", ".join(sorted(set(self.holds.values()))) or self.phase

    def done_count(self) -> int:
        """Tasks that are done."""
        return sum(1 for state in self.states.values() if state == "done")


def terminal(*, is_on_stderr: bool = False) -> Console:
    """Where the command line draws: text as it is, without highlighted numbers and paths."""
    return Console(highlight=False, stderr=is_on_stderr)


class LiveView:
    """Draws a board in place on a terminal; prints plain lines elsewhere. Use as a context manager."""

    def __init__(self, console: Console) -> None:
        """Draw on this console."""
        self._console = console
        self._board = Board()
        self._live = Live(console=console, refresh_per_second=8, transient=True, get_renderable=self._render)

    def __enter__(self) -> Self:
        """Begin drawing when there is a terminal to draw on."""
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take the drawing away; the lines stay."""
        if self._live.is_started:
            self._live.stop()

    def take(self, event: MissionEvent) -> None:
        """Show one event."""
        self._board.take(event)
        if line := narrate(event):
            self._print(line.mark, line.text, line.style)

    def say(self, text: str, style: str = "dim") -> None:
        """Show a line that is no event."""
        self._print("·", text, style)

    def _print(self, mark: str, text: str, style: str) -> None:
        """A terminal gets wrapped lines that hang below the mark; a pipe or file one line each."""
        if not self._console.is_terminal:
            self._console.print(Text(f"{mark} {text}", style=style), soft_wrap=True)
            return
        row = Table.grid(padding=(0, 1))
        row.add_row(Text(mark, style=style), Text(text, style=style, overflow="fold"))
        self._console.print(row)

    def _render(self) -> RenderableType:
        board = self._board
        total = len(board.states)
        head = Table.grid(padding=(0, 1))
        cells: list[RenderableType] = [Spinner("dots"), Text(board.standing), _elapsed(board.phase_begun_s)]
        if total:
            done = board.done_count()
            cells += [ProgressBar(total=total, completed=done, width=30), Text(f"{done}/{total}")]
        head.add_row(*cells)
        busy = [task_id for task_id, state in board.states.items() if state == "running"]
        rows = [self._row(task_id) for task_id in busy[:_SHOWN]]
        if len(busy) > _SHOWN:
            rows.append(Text(f"    and {len(busy) - _SHOWN} more", style="dim"))
        return Group(head, *rows)

    def _row(self, task_id: str) -> Text:
        """One running task in one line, cut at the edge of the terminal."""
        row = Text(no_wrap=True, overflow="ellipsis")
        row.append("  ▸ ", style="cyan").append(task_id, style="bold").append(" ")
        row.append_text(_elapsed(self._board.begun_s[task_id])).append(" ")
        return row.append(self._board.titles.get(task_id, ""), style="dim")


def _elapsed(since_s: float) -> Text:
    """Whole seconds since a moment, once there is one."""
    seconds = int(time() - since_s)
    return Text(f"{seconds} s" if seconds else "", style="dim")
