"""What is done about each class of session failure, and how often."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

import anyio
from tenacity import RetryCallState, Retrying
from tenacity.wait import wait_exponential_jitter

from orchestrator.domain.words import FailureKind
from orchestrator.engine.fuses import Fuse
from orchestrator.engine.hold import Hold
from orchestrator.engine.slots import Lane
from orchestrator.errors import OrchestratorError
from orchestrator.ports.host import (
    Brief,
    Host,
    HostError,
    Mendable,
    Remedy,
    Reply,
    Session,
    SessionRoom,
    SessionSpec,
)

_log = logging.getLogger(__name__)


class Action(StrEnum):
    """How a failure is answered."""

    WAIT = "wait and ask again"
    NEW_SESSION = "open a new session"
    ASK_AGAIN = "tell the session what went wrong"
    COMPACT = "shorten the conversation"
    RESTRUCTURE = "put the conversation in order"
    NEXT_MODEL = "go on with the next model"
    GIVE_UP = "give up"


@dataclass(frozen=True, slots=True)
class Policy:
    """One row of the recovery table: the action, how many times it is taken for one prompt, and what comes then."""

    action: Action
    bound: int
    then: Action = Action.GIVE_UP


TABLE: dict[FailureKind, Policy] = {
    FailureKind.RATE_LIMITED: Policy(Action.WAIT, 8, Action.NEXT_MODEL),
    FailureKind.QUOTA_EXHAUSTED: Policy(Action.NEXT_MODEL, 1),
    FailureKind.OVERLOADED: Policy(Action.WAIT, 8, Action.NEXT_MODEL),
    FailureKind.SERVER_ERROR: Policy(Action.WAIT, 4, Action.NEXT_MODEL),
    FailureKind.UNAVAILABLE: Policy(Action.WAIT, 3, Action.NEXT_MODEL),
    FailureKind.CUT_OFF: Policy(Action.WAIT, 3, Action.NEXT_MODEL),
    FailureKind.STALLED: Policy(Action.WAIT, 3, Action.NEXT_MODEL),
    FailureKind.UNAUTHORIZED: Policy(Action.NEXT_MODEL, 1),
    FailureKind.NO_SUCH_MODEL: Policy(Action.NEXT_MODEL, 1),
    FailureKind.BAD_HISTORY: Policy(Action.RESTRUCTURE, 2, Action.NEW_SESSION),
    FailureKind.CONTEXT_OVERFLOW: Policy(Action.COMPACT, 3, Action.NEXT_MODEL),
    FailureKind.MALFORMED: Policy(Action.ASK_AGAIN, 3, Action.NEXT_MODEL),
    FailureKind.UNKNOWN_TOOL: Policy(Action.ASK_AGAIN, 3, Action.NEXT_MODEL),
    FailureKind.TOO_LONG: Policy(Action.ASK_AGAIN, 2, Action.NEXT_MODEL),
    FailureKind.EMPTY_ANSWER: Policy(Action.ASK_AGAIN, 3, Action.NEXT_MODEL),
    FailureKind.REFUSED: Policy(Action.ASK_AGAIN, 1, Action.NEXT_MODEL),
    FailureKind.LOOPING: Policy(Action.ASK_AGAIN, 2, Action.NEXT_MODEL),
    FailureKind.TOOL_FAILED: Policy(Action.ASK_AGAIN, 3),
    FailureKind.CRASHED: Policy(Action.NEW_SESSION, 3),
    FailureKind.TIMED_OUT: Policy(Action.NEW_SESSION, 3),
    FailureKind.UNKNOWN: Policy(Action.NEW_SESSION, 3),
    FailureKind.BUDGET_EXHAUSTED: Policy(Action.GIVE_UP, 0),
    FailureKind.UNSUPPORTED: Policy(Action.GIVE_UP, 0),
    FailureKind.INTERRUPTED: Policy(Action.GIVE_UP, 0),
}
"""Every class of failure has a row; the bounds are per prompt and model.

A remedy that a session can't take (COMPACT, RESTRUCTURE) becomes a new session; with no further model the failure ends
the prompt.
"""

MAX_STEPS = 60
"""Healing steps of one prompt over all classes and models: a mixture of failures ends too."""

_REMEDIES = {
    Action.COMPACT: Remedy.COMPACT,
    Action.RESTRUCTURE: Remedy.RESTRUCTURE,
    Action.NEXT_MODEL: Remedy.NEXT_MODEL,
}
_GATED = frozenset({FailureKind.RATE_LIMITED, FailureKind.OVERLOADED})
"""Failures that concern every session of the provider: all of them wait."""

MAX_WAIT_S = 900.0
"""A provider that asks for more is asked again after this long: no answer of its may hold a mission for days."""

_THEN_BOUND = 1
"""How often the second action is taken."""
_ATTACH_TIMEOUT_S = 60.0
_BACKOFF = wait_exponential_jitter(initial=1.0, max=60.0, jitter=1.0)


@dataclass(frozen=True, slots=True)
class Recovery:
    """One healing step, as it is told to the journal."""

    failure: FailureKind
    action: Action
    count: int
    wait_s: float
    detail: str


class Diary(Protocol):
    """Where a session's steps are written down before they take effect."""

    async def recovering(self, step: Recovery) -> None:
        """A healing step comes."""
        ...

    async def opened(self, session_id: str, place: str) -> None:
        """A session that may outlive the server is about to be prompted; `place` is the host's name for it."""
        ...


def backoff_s(count: int) -> float:
    """Seconds to wait before retry number `count` (from 1): exponential with jitter, at most a minute and a second."""
    state = RetryCallState(Retrying(), None, (), {})
    state.attempt_number = count
    return _BACKOFF(state)


class ResilientSession:
    """A session that survives what the table can heal. One owner; not shared between tasks."""

    def __init__(
        self,
        host: Host,
        lane: Lane,
        hold: Hold,
        spec: SessionSpec,
        tools: SessionRoom,
        *,
        timeout_s: float,
        diary: Diary,
        fuse: Fuse | None = None,
        at_end: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Nothing is opened before the first prompt; `at_end` follows the end of the last session."""
        self._host = host
        self._lane = lane
        self._hold = hold
        self._spec = spec
        self._tools = tools
        self._timeout_s = timeout_s
        self._diary = diary
        self._fuse = fuse or Fuse()
        self._at_end = at_end
        self._session: Session | None = None
        self._opened = 0

    async def attach(self, place: str) -> bool:
        """Go on with a session that outlived the server; whether it is still there. Raises nothing."""
        try:
            with anyio.fail_after(_ATTACH_TIMEOUT_S):
                self._session = await self._host.attach(self._spec, self._tools, place)
        except (OrchestratorError, TimeoutError) as error:
            _log.warning("session %s can't be attached to: %s", place, error)
        return self._session is not None

    async def prompt(self, brief: Brief) -> Reply:
        """The answer, after as many healing steps as the table allows. Raises HostError when it allows no more."""
        counts: Counter[FailureKind] = Counter()
        for _ in range(MAX_STEPS):
            try:
                return await self._prompt_once(brief)
            except HostError as error:
                counts[error.kind] += 1
                recovery = await self._remedied(recovery_of(error, counts[error.kind]))
                if recovery is None:
                    raise
                await self._diary.recovering(recovery)
                brief = await self._heal(recovery, brief)
                if recovery.action is Action.NEXT_MODEL:
                    counts.clear()
        return await self._prompt_once(brief)

    async def _prompt_once(self, brief: Brief) -> Reply:
        await self._hold.passable(self._spec.task_id)
        entered = await self._lane.enter()
        try:
            reply = await self._answer(brief)
        except HostError as error:
            self._lane.failed(error.kind, entered)
            raise
        except BaseException:
            self._lane.withdrawn()
            raise
        self._lane.succeeded()
        return reply

    async def _answer(self, brief: Brief) -> Reply:
        """One answer within the deadline, and with a sign of life every so often."""
        try:
            task_id = self._spec.task_id
            with self._hold.deadline(task_id, self._timeout_s), self._fuse.watching(self._hold, task_id):
                if self._session is None:
                    self._session = await self._open()
                reply = await self._session.prompt(brief)
        except TimeoutError:
            message = f"no answer within {self._timeout_s:.0f} s"
            raise HostError(FailureKind.TIMED_OUT, message) from None
        except OrchestratorError:
            raise
        except Exception as error:
            _log.exception("host %s failed in a way it does not declare", self._host.name)
            raise HostError(FailureKind.UNKNOWN, f"{type(error).__name__}: {error}") from error
        self._fuse.answered(brief.text, reply.text)
        return reply

    async def _open(self) -> Session:
        self._opened += 1
        name = self._spec.session_id if self._opened == 1 else f"{self._spec.session_id}-{self._opened}"
        session = await self._host.open(replace(self._spec, session_id=name), self._tools)
        if session.place:
            await self._diary.opened(name, session.place)
        return session

    async def _remedied(self, recovery: Recovery | None) -> Recovery | None:
        """The step after the session was mended, where that is the step; another step when it can't be."""
        if recovery is None or recovery.action not in _REMEDIES:
            return recovery
        session = self._session
        if isinstance(session, Mendable) and await session.mend(_REMEDIES[recovery.action]):
            return recovery
        return None if recovery.action is Action.NEXT_MODEL else replace(recovery, action=Action.NEW_SESSION)

    async def _heal(self, recovery: Recovery, brief: Brief) -> Brief:
        match recovery.action:
            case Action.WAIT:
                if recovery.failure in _GATED:
                    self._lane.gate.hold(recovery.wait_s)
                else:
                    await anyio.sleep(recovery.wait_s)
            case Action.NEW_SESSION:
                await self.close()
            case Action.ASK_AGAIN:
                return replace(brief, problems=(*brief.problems, recovery.detail))
            case Action.COMPACT | Action.RESTRUCTURE | Action.NEXT_MODEL | Action.GIVE_UP:
                pass
        return brief

    async def close(self) -> None:
        """End the session if one is open. Shielded, so that a stop never leaves one behind; bounded."""
        session, self._session = self._session, None
        if session is not None:
            with anyio.move_on_after(10, shield=True):
                await session.close()

    async def finish(self) -> None:
        """Close it for good."""
        try:
            await self.close()
        finally:
            if self._at_end is not None:
                with anyio.CancelScope(shield=True):
                    await self._at_end()


def recovery_of(error: HostError, count: int) -> Recovery | None:
    """The step that answers a failure the `count`-th time it happens to one prompt; None when it is not healed."""
    policy = TABLE[error.kind]
    action = policy.action if count <= policy.bound else policy.then
    if action is Action.GIVE_UP or count > policy.bound + _THEN_BOUND:
        return None
    wait_s = 0.0
    if action is Action.WAIT:
        asked_s = error.retry_after_s if error.retry_after_s is not None else backoff_s(count)
        wait_s = min(max(asked_s, 0.0), MAX_WAIT_S)
    return Recovery(error.kind, action, count, wait_s, error.message)
