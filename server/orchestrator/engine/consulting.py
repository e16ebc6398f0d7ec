"""Asking a session for an answer of a known form: a search, a review, a plan. Its work changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from orchestrator.domain.words import Role
from orchestrator.engine.ledger import Ledger
from orchestrator.engine.remembering import remember
from orchestrator.engine.rooms import MissionRooms
from orchestrator.engine.sessions import Seat, session_for, spec_of
from orchestrator.errors import OrchestratorError
from orchestrator.ports.host import Brief
from orchestrator.ports.workspace import Worktree

TRIES = 3
"""How often an answer that can't be read goes back with its problems."""
Answered = TypeVar("Answered")
Told = Callable[[int, tuple[str, ...]], Brief]
"""The brief for a try (from 1), with what was wrong with the answer before."""


async def consult(
    ledger: Ledger,
    rooms: MissionRooms,
    worktree: Worktree,
    told: Told,
    read: Callable[[str], Answered],
    *,
    role: Role,
    task_id: str = "",
) -> Answered:
    """The answer, as `read` makes it of the session's words.

    `read` raises OrchestratorError for what it can't take. Raises that of the last try, or HostError.
    """
    spec = spec_of(ledger, rooms, role, task_id, f"{role.value} {task_id}".rstrip())
    session = session_for(ledger, rooms, spec, Seat(worktree))
    problems: tuple[str, ...] = ()
    try:
        for turn in range(1, TRIES + 1):
            reply = await session.prompt(told(turn, problems))
            await remember(ledger, spec, reply)
            try:
                return read(reply.text)
            except OrchestratorError as error:
                if turn == TRIES:
                    raise
                problems = (error.message,)
    finally:
        await session.finish()
    raise AssertionError("the last try answers or raises")
