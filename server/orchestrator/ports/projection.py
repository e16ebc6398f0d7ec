"""Readable files about a mission in the user's workspace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from orchestrator.domain.mission import Mission
from orchestrator.ports.journal import Recorded


class Projection(Protocol):
    """Writes `.opencode/summary.md`; `todo.md` is the port `todo`. Raises JournalError when it can't be written."""

    def write_summary(self, mission: Mission, recorded: Sequence[Recorded]) -> None:
        """Replace the summary by this mission's, told from its events."""
        ...

    def summary(self, mission: Mission, recorded: Sequence[Recorded]) -> str:
        """The summary's text alone."""
        ...

    def page(self, mission: Mission, recorded: Sequence[Recorded]) -> str:
        """The same as one HTML file that loads nothing and runs nothing."""
        ...
