"""Readable files about a mission in the user's workspace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from orchestrator.domain.mission import Mission
from orchestrator.ports.journal import Recorded


class Projection(Protocol):
    """Writes `.opencode/todo.md` and `.opencode/summary.md`. Raises JournalError when they can't be written."""

    def write_todo(self, mission: Mission) -> None:
        """Replace the TODO list by this mission's."""
        ...

    def write_summary(self, mission: Mission, recorded: Sequence[Recorded]) -> None:
        """Replace the summary by this mission's, told from its events."""
        ...

    def summary(self, mission: Mission, recorded: Sequence[Recorded]) -> str:
        """The summary's text alone."""
        ...
