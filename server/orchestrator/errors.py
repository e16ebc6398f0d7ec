"""The base of every error that a user can meet."""

from __future__ import annotations

from collections.abc import Mapping


class OrchestratorError(Exception):
    """An error with a stable code, a message that says what happened, and a hint that says what to do.

    `data` holds facts for programs, as plain JSON data ("version": 7). Never carries a traceback or a secret: all of it
    may be shown to a person or sent to a client.
    """

    def __init__(self, code: str, message: str, hint: str = "", *, data: Mapping[str, object] | None = None) -> None:
        """Keep the parts; `code` is snake_case and listed in docs/errors.md."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.data = dict(data or {})

    def __str__(self) -> str:
        """Message and hint in one line."""
        return f"{self.message} ({self.hint})" if self.hint else self.message
