"""Bugs that are planted into the engine, one at a time, to see whether the simulation finds them."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest import mock

import anyio

from orchestrator.domain import decide as rules
from orchestrator.domain import evolve as applying
from orchestrator.domain.budget import Budget
from orchestrator.engine.dispatcher import Dispatcher
from orchestrator.engine.integration import MergeQueue
from orchestrator.engine.ledger import Ledger
from orchestrator.engine.session_tools import SessionTools
from orchestrator.engine.task_board import TaskBoard
from orchestrator.engine.write_index import WriteIndex

Planted = Callable[[], AbstractContextManager[Any]]


@contextmanager
def no_lease_check() -> Generator[None]:
    """Neither the scheduler nor the domain looks whether a write set is leased."""

    def hold_anyway(self: WriteIndex, write_set: Any) -> None:
        self.hold(write_set)

    with (
        mock.patch.object(WriteIndex, "try_hold", hold_anyway),
        mock.patch.object(rules, "overlaps", lambda *_: False),
    ):
        yield


@contextmanager
def forgotten_release() -> Generator[None]:
    """A refused attempt keeps its write set in the scheduler's index."""
    touch = TaskBoard._touch

    def forgetful(self: TaskBoard, task_ids: Any) -> None:
        names = list(task_ids)
        touch(self, names)
        if len(names) > 1:
            self.scheduler._writes.hold(self._mission.tasks[names[0]].spec.write_set)

    with mock.patch.object(TaskBoard, "_touch", forgetful):
        yield


@contextmanager
def forgotten_slot() -> Generator[None]:
    """An attempt that ends gives its slot back, but not always."""
    ended = Dispatcher.ended

    def forgetful(self: Dispatcher, turn: Any, *, has_started: bool) -> None:
        if turn.task_id.endswith("1"):
            self.changed.set()
        else:
            ended(self, turn, has_started=has_started)

    with mock.patch.object(Dispatcher, "ended", forgetful):
        yield


@contextmanager
def lost_wake_up() -> Generator[None]:
    """Nobody is told that an attempt has ended, nor that the graph changed."""

    async def deaf(self: Ledger, version: int) -> None:
        await anyio.sleep(3_600)

    def mute(self: Dispatcher, turn: Any, *, has_started: bool) -> None:
        self._running[turn.model] -= 1

    with mock.patch.object(Ledger, "changed_since", deaf), mock.patch.object(Dispatcher, "ended", mute):
        yield


@contextmanager
def waiter_not_woken() -> Generator[None]:
    """A task that waits for a path is not looked at when that is free."""
    release = WriteIndex.release

    def silent(self: WriteIndex, write_set: Any) -> Any:
        release(self, write_set)
        return ()

    with mock.patch.object(WriteIndex, "release", silent):
        yield


@contextmanager
def no_fencing() -> Generator[None]:
    """A merge onto an old tip is taken."""
    advance = MergeQueue._advance

    async def anyhow(self: MergeQueue, merged: Any, tip: str) -> bool:
        return await advance(self, merged, self._ledger.mission.tip)

    with mock.patch.object(MergeQueue, "_advance", anyhow):
        yield


@contextmanager
def lost_batch() -> Generator[None]:
    """Of a batch that lands, the first is said to have landed, but its commit is not in the chain."""
    merge = MergeQueue._merge

    async def careless(self: MergeQueue, batch: Any, tip: str) -> Any:
        merged = await merge(self, batch, tip)
        if len(merged) > 1:
            alone = await self._rooms.shared.workspace.merge(
                base=merged[-1].started.base_commit, ours=tip, theirs=merged[-1].change.commit, message="careless"
            )
            if not alone.conflicts:
                merged[-1].merge = alone
        return merged

    with mock.patch.object(MergeQueue, "_merge", careless):
        yield


@contextmanager
def no_settling() -> Generator[None]:
    """What a session had reserved when it was cut off stays reserved."""

    async def forget(self: SessionTools) -> None:
        pass

    with mock.patch.object(SessionTools, "end", forget):
        yield


@contextmanager
def no_overrun() -> Generator[None]:
    """Limits are not looked at."""
    with mock.patch.object(Budget, "overrun", lambda *_: None):
        yield


@contextmanager
def unordered() -> Generator[None]:
    """Tasks start before what they depend on."""
    board_job = TaskBoard._waited_for

    with (
        mock.patch.object(TaskBoard, "_waited_for", lambda self, task: board_job(self, task)[:-1]),
        mock.patch.object(rules, "unmet_dependencies", lambda *_: []),
    ):
        yield


@contextmanager
def lease_kept() -> Generator[None]:
    """An interrupted attempt keeps its lease."""

    def keep(mission: Any, task_id: str) -> None:
        mission.sessions.pop(task_id, None)
        mission.tasks[task_id].status = applying.TaskStatus.OPEN

    with mock.patch.object(applying, "_release", keep):
        yield


BUGS: dict[str, Planted] = {
    planted.__name__: planted
    for planted in (
        no_lease_check,
        forgotten_release,
        forgotten_slot,
        lost_wake_up,
        waiter_not_woken,
        no_fencing,
        lost_batch,
        no_settling,
        no_overrun,
        unordered,
        lease_kept,
    )
}
