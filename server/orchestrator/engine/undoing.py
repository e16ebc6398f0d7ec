"""Taking work back: one task's, or all that a mission wrote."""

from __future__ import annotations

from orchestrator.domain.commands import RecordDelivery, UndoTask
from orchestrator.domain.decide_people import known_task
from orchestrator.domain.events import DeliveryStarted, MissionUndone
from orchestrator.domain.violation import RuleViolation
from orchestrator.domain.words import DeliveryMode
from orchestrator.engine.ledger import Ledger
from orchestrator.engine.rooms import Rooms
from orchestrator.errors import OrchestratorError

_TRIES = 5
"""How often the ref may move under an undo before it gives up."""


async def undo_mission(ledger: Ledger, rooms: Rooms, by: str) -> tuple[str, ...]:
    """Restore the bytes that were there before the mission's delivery; the paths.

    All or nothing: raises WorkspaceError `changed_since` with the names of files that the user changed meanwhile, and
    OrchestratorError `nothing_to_undo` when nothing of the mission stands in the user's files.
    """
    mission = ledger.mission
    if not mission.status.is_terminal:
        raise OrchestratorError("mission_active", f"mission {mission.id} is {mission.status.value}", "stop it first")
    if mission.is_undone:
        raise OrchestratorError("nothing_to_undo", f"mission {mission.id} is undone already")
    if mission.delivered_mode is not DeliveryMode.APPLY or not mission.is_delivered:
        where = f"its work is in {mission.delivered_place}, " if mission.delivered_place else ""
        raise OrchestratorError("nothing_to_undo", f"{where}nothing of mission {mission.id} stands in your files")
    delivered = mission.delivered_tip
    await ledger.do(RecordDelivery(DeliveryStarted(DeliveryMode.APPLY, mission.base_commit)))
    paths = await rooms.workspace.undo(mission.id, delivered, mission.base_commit)
    await ledger.do(RecordDelivery(MissionUndone(by, paths)))
    return paths


async def undo_task(ledger: Ledger, rooms: Rooms, task_id: str, by: str) -> tuple[str, ...]:
    """Take one task's work out of the mission ref, and out of the user's files where it was delivered; the paths.

    Raises OrchestratorError `built_upon` when later work changed the same places, and WorkspaceError `changed_since`.
    """
    for _ in range(_TRIES):
        try:
            return await _undo_task_once(ledger, rooms, task_id, by)
        except RuleViolation as error:
            if error.code != "tip_moved":
                raise
    raise OrchestratorError("tip_moved", "the mission merges faster than the undo", "pause the mission and try again")


async def _undo_task_once(ledger: Ledger, rooms: Rooms, task_id: str, by: str) -> tuple[str, ...]:
    mission = ledger.mission
    task = known_task(mission, task_id)
    if not task.merged_to:
        raise OrchestratorError("nothing_to_undo", f"nothing of task {task_id} is merged")
    tip = mission.tip
    merge = await rooms.workspace.merge(
        base=task.merged_to, ours=tip, theirs=task.merged_from, message=f"undo {task_id}: {task.spec.title}"
    )
    if merge.conflicts:
        raise OrchestratorError(
            "built_upon",
            f"later work changed the same places in {', '.join(merge.conflicts[:5])}",
            "undo the later tasks first, or the whole mission",
        )
    if mission.tip != tip:
        raise RuleViolation("tip_moved", "the mission ref moved meanwhile")
    is_delivered = mission.is_delivered and mission.delivered_mode is DeliveryMode.APPLY
    if is_delivered:
        await ledger.do(RecordDelivery(DeliveryStarted(DeliveryMode.APPLY, merge.commit)))
        await rooms.workspace.undo(mission.id, mission.delivered_tip, merge.commit)
    await rooms.workspace.advance(mission.id, merge.commit, previous=tip)
    await ledger.do(UndoTask(task_id, by, tip, merge.commit, merge.tree, merge.paths))
    return merge.paths
