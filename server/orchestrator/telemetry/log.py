"""The rotating log file. Nothing is ever logged to stdout: it carries frames."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from orchestrator.redaction import redact

_SIZE_BYTES = 5_000_000
_FILES = 5
_FORMAT = "%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s"


class _RedactingFormatter(logging.Formatter):
    """Takes secrets out of the final text, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        """The whole text of a record."""
        return redact(super().format(record)).text


def log_to_file(path: Path) -> None:
    """Send the process's log to `path`, at most five files of 5 MB.

    What ends the server goes to stderr too, where its client can show it. A folder that can't be written is no error:
    warnings then go to stderr, and nothing else is logged.
    """
    handlers: list[logging.Handler] = []
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handlers.append(RotatingFileHandler(path, maxBytes=_SIZE_BYTES, backupCount=_FILES - 1, delay=True))
    except OSError:
        fallback = logging.StreamHandler()
        fallback.setLevel(logging.WARNING)
        handlers.append(fallback)
    last_words = logging.StreamHandler()
    last_words.setLevel(logging.CRITICAL)
    last_words.setFormatter(_RedactingFormatter("%(message)s"))
    handlers[0].setFormatter(_RedactingFormatter(_FORMAT))
    handlers.append(last_words)
    logging.basicConfig(level=logging.INFO, handlers=handlers, force=True)
