"""The merge queue: finished attempts land on the mission ref in batches, each batch judged as one combined tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import anyio

from orchestrator.domain.commands import IntegrateAttempt
from orchestrator.domain.events import AttemptStarted
from orchestrator.domain.finding import Finding
from orchestrator.domain.receipt import GateReport
from orchestrator.domain.words import Stage
from orchestrator.engine.judging import failures, judged
from orchestrator.engine.ledger import Ledger
from orchestrator.engine.refusal import Refusal, refusal_of
from orchestrator.engine.rooms import MissionRooms
from orchestrator.errors import OrchestratorError
from orchestrator.ports.workspace import Change, Merge, WorkspaceError

_TRIES = 5
"""How often the ref may move under one batch."""
_SETTLE_S = 10.0
"""How long an undo may take between the ref and the journal."""


@dataclass(slots=True, eq=False)
class _Item:
    """An attempt that waits to land; `is_settled` once it has landed or was refused."""

    started: AttemptStarted
    change: Change
    merge: Merge | None = None
    refusal: Refusal | None = None
    is_settled: bool = False


class MergeQueue:
    """Lands attempts of one mission.

    Whoever holds the lock lands everything that waits, in the order of arrival, as one batch: merged one after another
    in memory, judged once as a whole. A batch that fails is halved until the attempt at fault stands alone, so that n
    good attempts cost far fewer than n runs of the checks and one bad attempt holds nobody else back.
    """

    def __init__(self, ledger: Ledger, rooms: MissionRooms) -> None:
        """Land attempts for the mission of this ledger."""
        self._ledger = ledger
        self._rooms = rooms
        self._waiting: list[_Item] = []
        self._lock = anyio.Lock()

    async def land(self, started: AttemptStarted, change: Change) -> None:
        """Merge the change and move the mission ref. Raises Refusal when it conflicts or the combined tree fails."""
        item = _Item(started, change)
        self._waiting.append(item)
        try:
            async with self._lock:
                if not item.is_settled:
                    await self._land_waiting()
        finally:
            # Stopped while it waited, or while it landed others too: those stay in the queue, this one does not.
            self._waiting = [other for other in self._waiting if other is not item]
        if item.refusal is not None:
            raise item.refusal

    async def _land_waiting(self) -> None:
        batch, self._waiting = self._waiting, []
        try:
            await self._land(batch)
        finally:
            self._waiting = [item for item in batch if not item.is_settled] + self._waiting

    async def _land(self, batch: Sequence[_Item]) -> None:
        for _ in range(_TRIES):
            tip = self._ledger.mission.tip
            merged = await self._merge(batch, tip)
            if not merged:
                return
            failed = failures(await self._judge(merged))
            if failed:
                await self._part(merged, failed)
                return
            if await self._advance(merged, tip):
                return
            batch = merged
        raise OrchestratorError("tip_moved", f"the mission ref moved {_TRIES} times under a merge", "try again")

    async def _part(self, merged: Sequence[_Item], failed: Sequence[GateReport]) -> None:
        """Find who is at fault: refuse the one, or halve the many."""
        if len(merged) == 1:
            item = merged[0]
            _refuse(
                item, refusal_of("the combined tree", failed, item.change.commit, self._rooms.limits.event_findings)
            )
        else:
            middle = len(merged) // 2
            await self._land(merged[:middle])
            await self._land(merged[middle:])

    async def _merge(self, batch: Sequence[_Item], tip: str) -> list[_Item]:
        """Chain the changes onto the tip in memory; what conflicts is refused and left out."""
        merged: list[_Item] = []
        for item in batch:
            merge = await self._rooms.shared.workspace.merge(
                base=item.started.base_commit,
                ours=tip,
                theirs=item.change.commit,
                message=f"{item.started.task_id}: {self._ledger.mission.tasks[item.started.task_id].spec.title}",
            )
            if merge.conflicts:
                _refuse(item, _conflict(item, merge))
                continue
            item.merge = merge
            tip = merge.commit
            merged.append(item)
        return merged

    async def _judge(self, merged: Sequence[_Item]) -> list[GateReport]:
        last = merged[-1].merge
        assert last is not None  # noqa: S101 - _merge keeps only items with a merge
        paths = sorted({path for item in merged if item.merge for path in item.merge.paths})
        alone = merged[0].started if len(merged) == 1 else None
        async with self._rooms.shared.workspace.checkout(last.commit) as worktree:
            return await judged(
                self._ledger,
                self._rooms,
                Stage.MERGE,
                worktree,
                paths,
                task_id=alone.task_id if alone else "",
                attempt_id=alone.attempt_id if alone else "",
            )

    async def _advance(self, merged: Sequence[_Item], tip: str) -> bool:
        """Move the ref from the tip that was merged onto; False when an undo has moved it meanwhile."""
        mission = self._ledger.mission
        if mission.tip != tip:
            return False
        commands: list[IntegrateAttempt] = []
        previous = tip
        for item in merged:
            assert item.merge is not None  # noqa: S101 - _merge keeps only items with a merge
            commands.append(
                IntegrateAttempt(
                    item.started.attempt_id,
                    item.started.task_id,
                    item.started.token,
                    previous,
                    item.merge.commit,
                    item.merge.tree,
                    item.merge.paths,
                )
            )
            previous = item.merge.commit
        # The ref keeps the commits alive; a ref that leads the journal by one batch is put back when a mission is taken
        # up. A stop must not come between the two.
        with anyio.CancelScope(shield=True):
            try:
                await self._rooms.shared.workspace.advance(mission.id, previous, previous=tip)
            except WorkspaceError as error:
                if error.code != "ref_moved":
                    raise
                # The undo has moved the ref, and is about to say so.
                with anyio.move_on_after(_SETTLE_S):
                    while mission.tip == tip:
                        await self._ledger.changed_since(mission.version)
                return False
            await self._ledger.do(*commands)
            for item in merged:
                item.is_settled = True
        return True


def _refuse(item: _Item, refusal: Refusal) -> None:
    item.refusal = refusal
    item.is_settled = True


def _conflict(item: _Item, merge: Merge) -> Refusal:
    findings = tuple(
        Finding("merge", "conflict", path, "conflicts with work that was merged meanwhile") for path in merge.conflicts
    )
    return Refusal("it conflicts with merged work", findings, item.change.commit)
