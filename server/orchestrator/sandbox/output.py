"""Keeping the output of a command without its secrets: head and tail in memory, the whole in a file, under caps."""

from __future__ import annotations

import hashlib
import os
from collections import deque
from types import TracebackType
from typing import Self

from orchestrator.ports.launcher import LauncherError
from orchestrator.redaction import Redactor

_MARKER_BYTES = 160
"""Kept free in the spill file for the line that says that it was cut."""


class OutputKeeper:
    """Takes all output in order and keeps what fits. A context manager: it closes the spill file.

    Secrets are taken out first: sizes, digest, spill file and what is kept are those of the redacted output.
    """

    def __init__(self, *, cap_bytes: int, spill_path: str | None = None, spill_cap_bytes: int = 0) -> None:
        """Open the spill file, replacing an older one. Raises LauncherError `spill_failed` when that is impossible."""
        self._head_cap_bytes = max(0, cap_bytes) // 2
        self._tail_cap_bytes = max(0, cap_bytes) - self._head_cap_bytes
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_size_bytes = 0
        self._digest = hashlib.sha256()
        self._redactor = Redactor()
        self._spill_cap_bytes = max(0, spill_cap_bytes - _MARKER_BYTES)
        self._spilled_bytes = 0
        self._spill_problem: str | None = None
        self._spill = None if spill_path is None else _open_spill(spill_path)
        self.size_bytes = 0

    @property
    def is_cut(self) -> bool:
        """Whether `kept` leaves something out."""
        return self.size_bytes > self._head_cap_bytes + self._tail_cap_bytes

    @property
    def is_flooding(self) -> bool:
        """Whether more has come than any place keeps: from here on the reader need not hurry."""
        return self.is_cut and (self._spill is None or self._spilled_bytes >= self._spill_cap_bytes)

    @property
    def digest(self) -> str:
        """SHA-256, in hex, of all that came, kept or not."""
        self.finish()
        return self._digest.hexdigest()

    def feed(self, chunk: bytes) -> None:
        """Take the next piece. Its last line may be held back until more comes or `finish`."""
        self._take(self._redactor.feed(chunk))

    def finish(self) -> None:
        """Take what was held back, because no more will come."""
        self._take(self._redactor.close())

    def _take(self, chunk: bytes) -> None:
        self.size_bytes += len(chunk)
        self._digest.update(chunk)
        self._write_spill(chunk)
        room = self._head_cap_bytes - len(self._head)
        if room > 0:
            self._head += chunk[:room]
            chunk = chunk[room:]
        if chunk:
            self._keep_tail(chunk)

    def kept(self) -> bytes:
        """Head and tail, with a line between them that says how much is missing and where all of it is."""
        self.finish()
        tail = b"".join(self._tail)
        if not self.is_cut:
            return bytes(self._head) + tail
        tail = tail[len(tail) - self._tail_cap_bytes :]
        missing = self.size_bytes - len(self._head) - len(tail)
        return bytes(self._head) + f"\n[… {missing} bytes cut{self._whereabouts()} …]\n".encode() + tail

    def _whereabouts(self) -> str:
        if self._spill_problem is not None:
            return f"; the file for the full output could not be written: {self._spill_problem}"
        if self._spill is None:
            return ""
        is_all = self.size_bytes <= self._spill_cap_bytes
        return "; the full output is in the log" if is_all else "; the log has the beginning"

    def _keep_tail(self, chunk: bytes) -> None:
        self._tail.append(chunk)
        self._tail_size_bytes += len(chunk)
        # Small pieces would cost more than they hold: join them, so that the count stays low.
        if len(self._tail) > 64 and self._tail_size_bytes < 64 * 4096:
            joined = b"".join(self._tail)
            self._tail.clear()
            self._tail.append(joined)
        while self._tail and self._tail_size_bytes - len(self._tail[0]) >= self._tail_cap_bytes:
            self._tail_size_bytes -= len(self._tail.popleft())

    def _write_spill(self, chunk: bytes) -> None:
        if self._spill is None or self._spill_problem is not None:
            return
        piece = memoryview(chunk)[: self._spill_cap_bytes - self._spilled_bytes]
        try:
            while piece:
                written = os.write(self._spill, piece)
                self._spilled_bytes += written
                piece = piece[written:]
        except OSError as problem:
            # The command goes on without its log; the kept output says so.
            self._spill_problem = problem.strerror

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the spill file, saying in it when it was cut."""
        self.finish()
        if self._spill is None:
            return
        spill, self._spill = self._spill, None
        try:
            missing = self.size_bytes - self._spilled_bytes
            if missing and self._spill_problem is None:
                os.write(spill, f"\n[… {missing} more bytes were not kept …]\n".encode())
        except OSError as problem:
            self._spill_problem = problem.strerror
        finally:
            os.close(spill)


def _open_spill(path: str) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o600)
    except OSError as problem:
        raise LauncherError(
            "spill_failed",
            f"The file {path!r} for the output of the command cannot be written: {problem.strerror}.",
            "Check that its folder exists, is writable and has space.",
        ) from problem
