"""The TODO file in the user's workspace, which the server and a person both write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class TodoPair:
    """What stands in the file now, and what the server wrote there last; None where there is nothing."""

    now: str | None
    base: str | None


class TodoFile(Protocol):
    """`.opencode/todo.md`. Blocking. Every call may raise WorkspaceError (`projection_refused`, `…_unwritable`)."""

    def stamp(self) -> tuple[int, int, int]:
        """Changes whenever the file does; cheap."""
        ...

    def read(self) -> TodoPair:
        """Both texts."""
        ...

    def write(self, text: str, expected: str | None) -> str | None:
        """Put a text in place of `expected`; answers what a person saved there in between, None when nobody did."""
        ...

    def settle(self, text: str) -> None:
        """Remember the text as what the server wrote last: the next edits are told from it."""
        ...
