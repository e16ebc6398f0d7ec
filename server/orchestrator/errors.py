"""The base of every error that a user can meet."""

from __future__ import annotations


class OrchestratorError(Exception):
    """An error with a stable code, a message that says what happened, and a hint that says what to do.

    Never carries a traceback or a secret: all three fields may be shown to a person or sent to a client.
    """

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        """Keep the three parts; `code` is snake_case and listed in docs/errors.md."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """Message and hint in one line."""
        return f"{self.message} ({self.hint})" if self.hint else self.message
