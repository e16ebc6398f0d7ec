"""Fuses of a session: it must show signs of life, and must not go round in circles."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from contextlib import contextmanager
from hashlib import blake2b

import anyio

from orchestrator.domain.cycles import REPEATS, CycleWatch
from orchestrator.domain.words import FailureKind
from orchestrator.engine.hold import Hold
from orchestrator.ports.host import HostError


def _nothing(_left_s: float) -> None:
    """Nobody watches."""


class Fuse:
    """One session's. Its tools say what it does; it blows while a prompt is under `watching`, as a HostError.

    `TIMED_OUT`: nothing was heard of the session for `quiet_s`, pauses not counted. `LOOPING`: the same tool calls with
    the same results, or the same answers to the same brief, came REPEATS times in a row, with a period up to four.
    """

    def __init__(self, quiet_s: float = math.inf) -> None:
        """Nothing has happened yet."""
        self._quiet_s = quiet_s
        self._calls = CycleWatch()
        self._answers = CycleWatch()
        self._restart: Callable[[float], None] = _nothing
        self._scope: anyio.CancelScope | None = None
        self._loop = ""

    @contextmanager
    def watching(self, hold: Hold, task_id: str) -> Generator[None]:
        """Watch the session while it answers. Raises HostError when the fuse blows."""
        self._loop = ""
        self._calls = CycleWatch()
        try:
            with hold.deadline(task_id, self._quiet_s) as restart, anyio.CancelScope() as scope:
                self._restart, self._scope = restart, scope
                yield
        except TimeoutError:
            message = f"no tool call and no answer for {self._quiet_s:.0f} s"
            raise HostError(FailureKind.TIMED_OUT, message) from None
        finally:
            self._restart, self._scope = _nothing, None
        if self._loop:
            raise HostError(FailureKind.LOOPING, self._loop)

    @contextmanager
    def busy(self) -> Generator[None]:
        """The session waits for us: a tool call, or leave to call its model. That is not silence of its own."""
        self._restart(math.inf)
        try:
            yield
        finally:
            self._restart(self._quiet_s)

    def called(self, name: str, call: str, result: str) -> None:
        """A tool call has ended; `call` says with what it was called, `result` what came of it."""
        if period := self._calls.add((name, _digest(call), _digest(result))):
            what = f"the same call of {name}" if period == 1 else f"the same {period} tool calls"
            self._loop = f"{what} with the same result {REPEATS} times in a row; do something else"
            if self._scope is not None:
                self._scope.cancel()

    def answered(self, brief: str, reply: str) -> None:
        """The session has answered. Raises HostError when it goes round in circles."""
        if self._answers.add((_digest(brief), _digest(reply))):
            self._answers = CycleWatch()
            raise HostError(FailureKind.LOOPING, f"the same answer to the same brief {REPEATS} times in a row")


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()
