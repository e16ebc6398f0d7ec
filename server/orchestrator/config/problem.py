"""What can be wrong with a configuration, in a form that leads to the place."""

from __future__ import annotations

from orchestrator.errors import OrchestratorError


class ConfigError(OrchestratorError):
    """Something of the configuration is wrong.

    `file` is a file's name or "the environment" or "the command line"; `line` and `column` are one-based, None where
    unknown; `key` is dotted, "" for the whole; `what` is the message without the place.
    """

    def __init__(
        self, message: str, hint: str, *, file: str, line: int | None = None, column: int | None = None, key: str = ""
    ) -> None:
        """Put the place in front of the message."""
        place = ":".join(str(part) for part in (file, line, column) if part)
        super().__init__("wrong_configuration", f"{place}: {message}", hint)
        self.what = message
        self.file = file
        self.line = line
        self.column = column
        self.key = key
