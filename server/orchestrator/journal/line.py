"""The callers who wait for the writer: answered in their order, never left waiting for a disk that is silent."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

import anyio

from orchestrator.journal.writer import Call, Entry, Outcome, Writer
from orchestrator.ports.journal import JournalError


class Line:
    """Lives in the event loop; the writer settles from its thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, deadline_s: float) -> None:
        """`deadline_s` is how long a call may wait; then its outcome is unknown and the writer is condemned."""
        self._loop = loop
        self._deadline_s = deadline_s
        self._waiting: deque[Call] = deque()
        self._is_watched = False

    async def written(self, writer: Writer, entries: Sequence[Entry]) -> int:
        """The number of the first entry, once all are on disk. Raises JournalError.

        A cancelled anyio scope is answered nevertheless: what was handed over is waited for.
        """
        caller = Call(entries, self._loop.create_future(), self._loop.time())
        writer.put(caller)
        self._waiting.append(caller)
        if not self._is_watched:
            self._watch(writer, self._deadline_s)
        try:
            outcome = await caller.answer
        except asyncio.CancelledError:
            if anyio.current_effective_deadline() > -math.inf:
                raise  # a task that was killed outside any scope waits for nothing
            outcome = await self._shielded(caller)
        if isinstance(outcome, JournalError):
            raise outcome
        return outcome

    def settle(self, calls: Sequence[Call], outcomes: Sequence[Outcome]) -> None:
        """Answer these calls; for the writer's thread."""
        # Once the loop has closed nobody is left to hear it. What was committed stays committed.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._answer, calls, outcomes)

    async def _shielded(self, caller: Call) -> Outcome:
        if caller.outcome is not None:
            return caller.outcome
        caller.answer = self._loop.create_future()
        with anyio.CancelScope(shield=True):
            await caller.answer
        return caller.answer.result()

    def _answer(self, calls: Sequence[Call], outcomes: Sequence[Outcome]) -> None:
        for call, outcome in zip(calls, outcomes, strict=True):
            if call.outcome is not None:
                continue  # its deadline has passed: it was told so, and the writer came to an end after all
            self._waiting.popleft()
            call.outcome = outcome
            if not call.answer.done():
                call.answer.set_result(outcome)

    def _watch(self, writer: Writer, delay_s: float) -> None:
        self._is_watched = True
        self._loop.call_later(delay_s, self._look, writer)

    def _look(self, writer: Writer) -> None:
        """One timer serves all: it comes back when the oldest call will be due."""
        self._is_watched = False
        if not self._waiting:
            return
        left_s = self._waiting[0].since_s + self._deadline_s - self._loop.time()
        if left_s > 0:
            self._watch(writer, left_s)
            return
        fault = JournalError(
            "journal_timeout",
            f"the disk did not take an event within {self._deadline_s:.0f} s",
            "check the disk, then restart the server",
        )
        writer.condemn(fault)
        late = tuple(self._waiting)
        self._answer(late, [JournalError(fault.code, fault.message, fault.hint) for _ in late])
